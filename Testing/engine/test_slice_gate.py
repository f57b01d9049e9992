"""Of what a network finds in the slices, only what intensities confirm is kept."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from BSAFusionLib.engine import FusionConfig, Volume, fuse
from BSAFusionLib.engine.agreement import forward_backward_mm
from BSAFusionLib.engine.slice_gate import InSlices, keep_confirmed
from BSAFusionLib.engine.slice_steps import SquareView
from BSAFusionLib.engine.slices import SliceFrame, SquarePixels
from BSAFusionLib.engine.source import Pulled, Source
from BSAFusionLib.engine.volume import Grid

from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import axial_grid, brain, rigid

PIXEL = 2.0
COLUMNS = 3  # of 2 mm, to the patient's left
THICK, THIN = axial_grid((2.0, 2.0, 12.0)), axial_grid((2.0, 2.0, 3.0))


def shifted(grid: Grid, mm: float) -> Volume:
    """The CT, moved to the patient's left."""
    return Volume(brain(grid, "ct").array, rigid((0, 0, 0), (-mm, 0, 0)) @ grid.ijk_to_ras, "ct")


@cache
def looked_at(grid: Grid, mm: float) -> tuple[SquareView, Pulled]:
    first, second = Source.of(brain(grid, "mr"), "mr", "auto"), Source.of(shifted(grid, mm), "ct", "auto")
    view = SquareView.of(first, second, SquarePixels.of(SliceFrame.along(grid, 2), PIXEL))
    return view, view.pull(np.eye(4))


def gate(view: SquareView, seen: Pulled, columns: float, searched: bool = False) -> InSlices:
    """What is kept where the network answers the same everywhere."""
    found = np.zeros((len(view.slices), 2, *view.square.shape), np.float32)
    found[:, 0] = columns
    return keep_confirmed(view.square, view.slices, seen, found, searched)


def kept(grid: Grid, mm: float, columns: float, searched: bool = False) -> InSlices:
    return gate(*looked_at(grid, mm), columns, searched)


def test_what_brings_the_volumes_together_is_kept_as_it_is() -> None:
    result = kept(THICK, PIXEL * COLUMNS, COLUMNS)
    assert result.share > 0.98
    assert result.evidence.gain > 0.3
    inside = looked_at(THICK, PIXEL * COLUMNS)[0].slices > 0.2
    assert result.displacement[:, 0][inside].mean() > 0.99 * COLUMNS
    assert result.displacement.max() <= COLUMNS


@pytest.mark.parametrize("columns", [1, -2, 4])
def test_what_moves_volumes_that_fit_is_left_out(columns: int) -> None:
    result = kept(THICK, 0.0, columns)
    assert result.share == 0
    assert not result.displacement.any()
    assert result.found_mm == pytest.approx(PIXEL * abs(columns))
    assert "not confirmed by the intensities and left out" in result.note


def test_what_moves_the_wrong_way_is_left_out() -> None:
    assert kept(THICK, PIXEL * COLUMNS, -COLUMNS).share == 0


def test_where_intensities_speak_against_it_less_is_kept() -> None:
    """The right third of the picture is in place already."""
    view, apart = looked_at(THICK, PIXEL * COLUMNS)
    together = looked_at(THICK, 0.0)[1]
    width = view.square.shape[1]
    left = np.arange(width) < 2 * width // 3
    unit, inside = (np.where(left, getattr(apart, n), getattr(together, n)) for n in ("unit", "inside"))
    result = gate(view, Pulled(unit, unit, inside), COLUMNS)
    moved = np.where(view.slices > 0.2, result.displacement[:, 0], np.nan)
    assert np.nanmean(moved[..., : width // 2]) > 0.95 * COLUMNS
    assert np.nanmean(moved[..., -width // 5 :]) < 0.4 * COLUMNS


def test_two_slices_are_evidence_enough() -> None:
    view, seen = looked_at(THICK, PIXEL * COLUMNS)
    few = slice(6, 8)
    part = SquareView(view.square, view.fixed, view.moving, view.slices[few])
    seen = Pulled(seen.values[few], seen.unit[few], seen.inside[few])
    assert gate(part, seen, COLUMNS).share > 0.9


@pytest.mark.parametrize("contents", ["noise", "flat"])
def test_where_nothing_is_shown_nothing_is_kept(contents: str) -> None:
    view, seen = looked_at(THICK, 0.0)
    noise = np.random.default_rng(0).random(seen.unit.shape, np.float32)
    unit = noise if contents == "noise" else np.full_like(noise, 0.5)
    result = gate(view, Pulled(unit, unit, seen.inside), 2)
    assert result.share == 0


@pytest.mark.parametrize(("grid", "stricter"), [(THICK, False), (THIN, True)])
def test_where_the_volume_was_searched_in_slices_this_close_more_evidence_is_asked_for(
    grid: Grid, stricter: bool
) -> None:
    """A shift of a quarter of a pixel, all of which is found, raises mutual information a little."""
    freely, searched = (kept(grid, PIXEL / 4, 0.25, searched) for searched in (False, True))
    assert 0.02 < freely.evidence.gain < 0.25
    assert freely.share > 0.5
    assert (searched.share == 0) == stricter


def test_the_report_tells_what_was_found_and_what_was_kept() -> None:
    config = FusionConfig(init="none", elastic="slices", registration_spacing_mm=PIXEL, modality="ct")
    report = fuse(brain(THICK, "mr"), shifted(THICK, 0.0), config, network(Shift(2.0, 0.0))).report
    told = report["in_slices"]
    assert (told["share"], told["mean_mm"], told["max_mm"]) == (0, 0, 0)
    assert told["found_mm"] == pytest.approx(2 * PIXEL, rel=0.1)
    assert told["information_gain"] < 0
    assert told["note"].endswith("left out.")
    assert report["quality"]["displacement_mm"]["max"] == 0
    assert report["verdict"]["numbers"]["forward_backward_mm"] is None


@pytest.mark.parametrize(("share", "error"), [(1.0, 6.0), (0.5, 3.0), (0.0, None)])
def test_the_way_back_is_taken_as_far_as_the_displacement_is_kept(share: float, error: float | None) -> None:
    """Two pixels of 1.5 mm come twice, see test_evidence."""
    stack = np.random.default_rng(0).random((5, 40, 44), np.float32) * 0.9 + 0.05
    inside = np.ones(stack.shape, bool)
    found = forward_backward_mm(network(Shift(0.0, 2.0)), stack, stack[::-1].copy(), inside, 1.5, share)
    assert found == (None if error is None else pytest.approx(error, abs=1e-4))
