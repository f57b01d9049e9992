import time
from functools import cache

import numpy as np
import pytest
from BSAFusionLib.engine.alignment import LinearAlignment, align
from BSAFusionLib.engine.alignment_search import AlignmentSearch
from BSAFusionLib.engine.body_mask import body_mask
from BSAFusionLib.engine.errors import Cancelled, InputError
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.volume import Volume

from Testing.engine.phantoms import Matrix, axial_grid, head, rigid, tilted_grid

FIXED = head(axial_grid(), "mr")
# smaller than the head, other spacing, tilted, left-handed
CT_GRID = tilted_grid((45, 40, 38), (4.5, 4.0, 3.5), (5, -8, 10), left_handed=True, center=(5, 0, 0))
POSE = rigid((12, -10, 15), (15, -18, 12))
INVERSE: Matrix = np.asarray(np.linalg.inv(POSE))


def target_error(found: Matrix, truth: Matrix, fixed: Volume = FIXED) -> float:
    points = points_ras(fixed.grid)[body_mask(fixed)]
    difference = found - truth
    return float(np.linalg.norm(points @ difference[:3, :3].T + difference[:3, 3], axis=1).mean())


def moved(modality: str, pose: Matrix = POSE) -> Volume:
    """The head where the transform from fixed to moving points is pose."""
    return head(CT_GRID, modality, np.asarray(np.linalg.inv(pose)))


@cache
def aligned(modality: str) -> LinearAlignment:
    return align(FIXED, moved(modality))


@pytest.mark.parametrize("modality", ["ct", "pet"])
def test_a_tilted_head_of_another_modality_and_field_of_view_is_found(modality: str) -> None:
    found = aligned(modality)
    assert target_error(found.matrix, POSE) < {"ct": 0.5, "pet": 1.0}[modality]
    assert found.similarity_after > 1.5 * found.similarity_before
    assert found.converged
    assert "and turned by 20." in found.note
    assert found.uncertainty_mm is not None
    assert target_error(found.matrix, POSE) < found.uncertainty_mm < {"ct": 1.0, "pet": 3.0}[modality]
    assert f"The alignment may be off by about {found.uncertainty_mm:.1f} mm." in found.note


def test_fixed_and_moving_may_change_places() -> None:
    found = align(moved("ct"), FIXED)
    assert target_error(found.matrix, INVERSE, moved("ct")) < 0.5


def test_a_shift_far_beyond_the_start_is_found() -> None:
    pose = rigid((-25, 20, 22), (40, -30, 25))
    assert target_error(align(FIXED, moved("ct", pose)).matrix, pose) < 0.7


def test_volumes_that_fit_stay_exactly_in_place() -> None:
    found = align(FIXED, head(CT_GRID, "ct"))
    np.testing.assert_array_equal(found.matrix, np.eye(4))
    assert found.similarity_after == found.similarity_before
    assert "left in place" in found.note


def test_scales_are_found_by_affine_and_not_by_rigid() -> None:
    pose = rigid((5, -4, 6), (8, -6, 4)) @ np.diag([1.06, 0.95, 1.04, 1])
    affine, stiff = (align(FIXED, moved("ct", pose), method) for method in ("affine", "rigid"))
    assert target_error(affine.matrix, pose) < 1.0
    assert target_error(stiff.matrix, pose) > 2.0
    np.testing.assert_allclose(stiff.matrix[:3, :3] @ stiff.matrix[:3, :3].T, np.eye(3), atol=1e-9)


def test_none_keeps_the_volumes_and_center_shifts_them_only() -> None:
    pose = rigid((0, 0, 0), (30, -20, 25))
    moving = head(axial_grid(), "ct", np.asarray(np.linalg.inv(pose)))
    kept = align(FIXED, moving, "none")
    np.testing.assert_array_equal(kept.matrix, np.eye(4))
    assert kept.uncertainty_mm is None
    centered = align(FIXED, moving, "center").matrix
    np.testing.assert_array_equal(centered[:3, :3], np.eye(3))
    np.testing.assert_allclose(centered[:3, 3], pose[:3, 3], atol=4)


def test_noise_is_not_called_an_alignment() -> None:
    noise = np.random.default_rng(4).normal(size=CT_GRID.shape).astype(np.float32)
    found = align(FIXED, Volume(noise, CT_GRID.ijk_to_ras, "noise"))
    assert not found.converged
    assert (
        "check the alignment, or begin with their centres on each other (center), with landmarks"
        in found.note
    )


@pytest.mark.parametrize(("uncertainty_mm", "trusted"), [(4.9, True), (5.1, False)])
def test_an_alignment_that_may_be_off_by_more_than_five_millimetres_is_doubted(
    monkeypatch: pytest.MonkeyPatch, uncertainty_mm: float, trusted: bool
) -> None:
    monkeypatch.setattr(AlignmentSearch, "rigid", AlignmentSearch.stay)
    monkeypatch.setattr(AlignmentSearch, "uncertainty_mm", lambda *_: uncertainty_mm)
    found = align(FIXED, head(CT_GRID, "ct"))
    assert found.converged == trusted
    told = f"The alignment may be off by about {uncertainty_mm} mm"
    assert f"{told}." in found.note if trusted else found.note.startswith(f"{told}: check the alignment, or")


def test_a_second_run_gives_the_same_result_and_progress_grows_to_its_total() -> None:
    told: list[tuple[int, int]] = []
    again = align(FIXED, moved("ct"), progress=lambda _step, done, total: told.append((done, total)))
    np.testing.assert_array_equal(again.matrix, aligned("ct").matrix)
    assert len({total for _, total in told}) == 1
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


def test_cancel_stops_within_a_second_of_computing() -> None:
    moving = moved("ct")
    began = time.process_time()
    with pytest.raises(Cancelled):
        align(FIXED, moving, cancel=lambda: time.process_time() - began > 0.3)
    assert time.process_time() - began < 1.3


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(
        InputError, match="'magic' is not an alignment: choose one of none, center, rigid, affine"
    ):
        align(FIXED, moved("ct"), "magic")


def test_the_result_names_its_method_and_time() -> None:
    found = align(FIXED, moved("ct"), "center")
    assert isinstance(found, LinearAlignment)
    assert found.method == "center"
    assert 0 < found.seconds < 60
