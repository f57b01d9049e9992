import json

import numpy as np
import pytest
from BSAFusionLib.engine import fuse
from BSAFusionLib.engine.alignment import align
from BSAFusionLib.engine.config import FusionConfig
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.start import check_transform, rigid_from_landmarks

from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import Matrix, axial_grid, head, rigid, tilted_grid

FIXED = head(axial_grid(), "mr")
CT_GRID = tilted_grid((45, 40, 38), (4.5, 4.0, 3.5), (5, -8, 10), center=(5, 0, 0))
FAR = rigid((100, -20, 150), (15, -10, 12))  # no search without a start reaches it
MARKS = np.array([[60, 0, 5], [-55, 10, 0], [3, 80, -10], [0, -70, 25]], float)


def sent(matrix: Matrix, points: Matrix) -> Matrix:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def error_mm(found: Matrix, truth: Matrix) -> float:
    points = points_ras(FIXED.grid).reshape(-1, 3)
    return float(np.linalg.norm(sent(found, points) - sent(truth, points), axis=1).mean())


def test_landmarks_give_the_rigid_transform_that_moved_them() -> None:
    np.testing.assert_allclose(rigid_from_landmarks(MARKS, sent(FAR, MARKS)), FAR, atol=1e-9)


def test_three_landmarks_in_one_plane_give_no_mirror_image() -> None:
    found = rigid_from_landmarks(MARKS[:3], sent(FAR, MARKS[:3]))
    np.testing.assert_allclose(found, FAR, atol=1e-9)


def test_badly_placed_landmarks_give_the_least_squares_rotation() -> None:
    placed = sent(FAR, MARKS) + np.random.default_rng(1).normal(scale=3, size=MARKS.shape)
    found = rigid_from_landmarks(MARKS, placed)
    np.testing.assert_allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-12)
    best = np.linalg.norm(sent(found, MARKS) - placed)
    for angles in ((1, 0, 0), (0, 1, 0), (0, 0, -1)):
        turned = found.copy()
        turned[:3, :3] = rigid(angles, (0, 0, 0))[:3, :3] @ found[:3, :3]
        turned[:3, 3] = placed.mean(axis=0) - turned[:3, :3] @ MARKS.mean(axis=0)
        assert np.linalg.norm(sent(turned, MARKS) - placed) > best


@pytest.mark.parametrize(
    ("fixed", "moving", "sentence"),
    [
        (MARKS, MARKS[:3], "There are 4 fixed and 3 moving landmarks: place as many"),
        (MARKS[:2], MARKS[:2], "There are 2 pairs of landmarks: at least 3"),
        (np.outer([1, 2, 5], [1, 2, 3]), MARKS[:3], "The fixed landmarks lie on one line"),
        (MARKS[:3], np.ones((3, 3)), "The moving landmarks are all at one place"),
        (MARKS[:3, :2], MARKS[:3], "The fixed landmarks are not points of 3 coordinates"),
        (MARKS, np.where(MARKS == 80, np.nan, MARKS), "The moving landmark 3 has a coordinate that is not"),
    ],
)
def test_landmarks_that_leave_the_pose_open_are_refused(fixed: Matrix, moving: Matrix, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        FusionConfig(init_landmarks=(fixed.tolist(), moving.tolist()))


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (np.eye(3), "is not a matrix of 4 x 4 numbers"),
        (np.full((4, 4), np.nan), "holds values that are not finite numbers"),
        (np.diag([1.0, 1, 0, 1]), "cannot be inverted, its determinant is 0"),
        (np.diag([1.0, 1, -1, 1]), "mirrors the patient, its determinant is -1"),
        (np.eye(4) + np.eye(4, k=-3) * 0.01, "is not linear, its last row is not 0 0 0 1"),
    ],
)
def test_a_transform_that_is_no_place_to_begin_is_refused(matrix: Matrix, sentence: str) -> None:
    with pytest.raises(InputError, match=f"The initial transform {sentence}"):
        check_transform(matrix)


def test_a_transform_and_landmarks_at_once_are_refused() -> None:
    with pytest.raises(InputError, match="are both given: choose one"):
        FusionConfig(init_transform=np.eye(4).tolist(), init_landmarks=(MARKS.tolist(), MARKS.tolist()))


def test_the_start_survives_json_as_it_was_given() -> None:
    config = FusionConfig(init_transform=FAR)  # type: ignore[arg-type]
    again = FusionConfig(**json.loads(json.dumps(config.as_dict())))
    assert again == config
    np.testing.assert_array_equal(again.start, FAR)


def test_a_start_that_is_nearly_right_is_refined_where_a_search_alone_would_not_come() -> None:
    moving = head(CT_GRID, "ct", np.asarray(np.linalg.inv(FAR)))
    start = rigid((3, -2, 2), (4, -5, 3)) @ FAR
    found = align(FIXED, moving, start=start)
    assert error_mm(start, FAR) > 5
    assert error_mm(found.matrix, FAR) < 0.8
    assert found.converged


def test_the_smaller_volume_may_be_the_moving_one_or_the_fixed_one() -> None:
    small = head(CT_GRID, "ct", np.asarray(np.linalg.inv(FAR)))
    start = rigid((3, -2, 2), (4, -5, 3)) @ FAR
    back = align(small, FIXED, start=np.asarray(np.linalg.inv(start)))
    assert error_mm(np.asarray(np.linalg.inv(back.matrix)), FAR) < 0.8


def test_no_further_alignment_keeps_the_start_exactly_even_where_it_shears() -> None:
    start = FAR @ np.array([[1.05, 0.1, 0, 0], [0, 0.95, 0, 0], [0, 0.05, 1, 0], [0, 0, 0, 1.0]])
    moving = head(CT_GRID, "ct", np.asarray(np.linalg.inv(FAR)))
    np.testing.assert_allclose(align(FIXED, moving, "none", start=start).matrix, start, atol=1e-9)


def test_volumes_that_lie_apart_can_be_put_centre_on_centre() -> None:
    moving = head(CT_GRID, "ct").moved_back(rigid((0, 0, 0), (-900, 0, 0)))
    found = fuse(FIXED, moving, FusionConfig(init="center", registration_spacing_mm=4.0), network(Shift()))
    assert found.initial[0, 3] == pytest.approx(900, abs=20)
