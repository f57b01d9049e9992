"""What bends across slices is found in 3-D, and nothing is bent without evidence."""

from functools import cache

import numpy as np
import pytest
import torch
from BSAFusionLib.engine import FusionConfig
from BSAFusionLib.engine.alignment import LinearAlignment
from BSAFusionLib.engine.elastic import Elastic, bend
from BSAFusionLib.engine.elastic_evidence import Evidence
from BSAFusionLib.engine.elastic_search import exponential
from BSAFusionLib.engine.errors import Cancelled
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.jacobian import jacobian_determinant, repair_folds
from BSAFusionLib.engine.pipeline import fuse
from BSAFusionLib.engine.quality import roughness
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.self_similarity import self_similarity
from BSAFusionLib.engine.volume import Grid, Volume
from numpy.typing import NDArray

from Testing.engine.confirmation import everything_confirmed
from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import axial_grid, brain, rigid, smooth_field, tilted_grid

GRID = tilted_grid((60, 60, 55), (3.5, 3.8, 4.0), (6, -4, 9), center=(0, 0, -8))
POSE = rigid((10, 5, -8), (12, 9, -6))


def silence(_done: int, _total: int) -> None:
    """Nobody waits."""


FIXED = brain(axial_grid(), "mr")


def waves(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth displacement, most of it across axial slices."""
    x, y, z = np.moveaxis(points / 40.0, -1, 0)
    return np.stack([3 * np.sin(y), 3 * np.cos(z + 0.5), 8 * np.sin(0.8 * x + 0.4 * y + 1)], axis=-1)


def bent(modality: str, grid: Grid = GRID) -> Volume:
    """The head as a scanner sees it that is bent and then moved by POSE."""
    straight = brain(grid, modality)
    crooked = resample(straight, grid, displacement=waves(points_ras(grid)))
    return Volume(crooked, POSE @ grid.ijk_to_ras, modality)


@cache
def straightened() -> Elastic:
    return bend(FIXED, bent("ct"), POSE, silence)


def errors(u: NDArray[np.float32]) -> tuple[float, float]:
    """Mean error inside the head with nothing done and with u, mm; what was at x is at y + waves(y) = x."""
    points = points_ras(FIXED.grid)
    inside = FIXED.array > 300
    truth = np.zeros_like(points)
    for _ in range(50):
        truth = -waves(points + truth)
    before, after = (np.linalg.norm(v - truth, axis=-1)[inside].mean() for v in (0 * truth, u))
    return float(before), float(after)


def test_a_head_of_another_modality_bent_across_the_slices_is_straightened() -> None:
    before, after = errors(straightened().on(FIXED.grid))
    assert before > 6
    assert after < 0.5 * before
    assert straightened().share == 1


def test_volumes_that_fit_are_not_bent() -> None:
    kept = bend(FIXED, brain(GRID, "ct"), np.eye(4), silence)
    assert np.linalg.norm(kept.on(FIXED.grid), axis=-1).mean() < 0.3


@pytest.mark.parametrize("contents", ["noise", "flat"])
def test_where_nothing_is_shown_nothing_is_bent(contents: str) -> None:
    array = (
        np.random.default_rng(0).random(GRID.shape, np.float32)
        if contents == "noise"
        else np.ones(GRID.shape)
    )
    kept = bend(FIXED, Volume(array.astype(np.float32), GRID.ijk_to_ras), np.eye(4), silence)
    assert not kept.on(FIXED.grid).any()


def test_nothing_folds_where_the_moving_volume_ends() -> None:
    whole = bent("ct")
    part = Volume(whole.array[10:40, :, :35].copy(), whole.ijk_to_ras @ shift(0, 0, 10), "part")
    u = bend(FIXED, part, POSE, silence).on(FIXED.grid)
    assert jacobian_determinant(u, FIXED.grid).min() > 0.2
    assert repair_folds(u, FIXED.grid)[1].folded == 0


def shift(i: float, j: float, k: float) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, 3] = i, j, k
    return matrix


def test_a_steep_velocity_does_not_fold() -> None:
    grid = Grid((24, 26, 28), np.eye(4))
    steep = np.moveaxis(smooth_field(grid, 12.0), -1, 0)[::-1].astype(np.float32)
    u = np.moveaxis(exponential(torch.from_numpy(2 * steep)).numpy()[::-1], 0, -1)
    assert jacobian_determinant(u, grid)[2:-2, 2:-2, 2:-2].min() > 0


def test_cancelling_stops_the_search() -> None:
    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        bend(FIXED, bent("ct"), POSE, stop)


def test_the_same_volumes_give_the_same_displacement() -> None:
    again = bend(FIXED, bent("ct"), POSE, silence)
    np.testing.assert_array_equal(again.displacement, straightened().displacement)


def test_a_displacement_in_slices_comes_first_and_the_bending_where_it_leads() -> None:
    grid = tilted_grid((8, 9, 10), (2.0, 2.5, 3.0))
    coarse = tilted_grid((4, 3, 5), (4.0, 7.5, 6.0))
    slopes = np.array([[0.1, 0.02, 0], [0, 0.1, 0.03], [0.05, 0, -0.1]])
    elastic = Elastic(
        np.moveaxis(points_ras(coarse) @ slopes.T, -1, 0).astype(np.float32), 1.0, Evidence(0.5, 9.0)
    )
    first = np.tile(np.float32([0.5, 1, -0.3]), (8, 9, 10, 1))
    x = points_ras(grid)
    inner = (slice(2, 6), slice(2, 7), slice(2, 8))
    np.testing.assert_allclose(elastic.on(grid)[inner], (x @ slopes.T)[inner], atol=1e-4)
    expected = first + (x + first) @ slopes.T
    np.testing.assert_allclose(elastic.after(first, grid)[inner], expected[inner], atol=1e-4)


def test_self_similarity_does_not_change_with_contrast() -> None:
    values = torch.from_numpy(FIXED.array[10:30, 10:30, 10:30] / 1000)
    found = self_similarity(values)
    np.testing.assert_allclose(self_similarity(1 - 0.5 * values), found, atol=1e-4)
    assert found.amin() >= 0
    assert found.amax() <= 1
    assert found.std() > 0.1


@everything_confirmed()
def test_the_verdict_weighs_both_parts_on_their_own_and_looks_before_and_after_the_bending() -> None:
    known = LinearAlignment(POSE, "rigid", 0.1, 0.2, 1.0, True, "")
    config = FusionConfig(fixed_modality="mr", modality="ct", registration_spacing_mm=4.0)
    result = fuse(FIXED, bent("ct"), config, network(Shift(x=0.5)), alignment=known)
    numbers = result.report["verdict"]["numbers"]
    u = straightened().on(FIXED.grid)
    assert numbers["in_slices_p95_mm"] == pytest.approx(0.5 * 4, abs=0.1)
    assert numbers["in_slices_roughness"] < 0.05
    assert numbers["bending_p95_mm"] == pytest.approx(np.percentile(np.linalg.norm(u, axis=-1), 95), rel=0.05)
    assert numbers["bending_roughness"] == pytest.approx(roughness(u, FIXED.spacing), rel=0.1)
    assert numbers["local_fit_bent"] > numbers["local_fit"] + 0.2
    assert numbers["information_gain_bent"] > numbers["information_gain"]
