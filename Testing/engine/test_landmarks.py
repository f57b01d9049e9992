"""Target registration error."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.io import write_transform
from BSAFusionLib.engine.landmarks import Landmarks, check_landmarks, landmark_errors, pair_landmarks
from BSAFusionLib.engine.point_file import PointFile, read_points
from BSAFusionLib.engine.reference import Reference
from BSAFusionLib.engine.volume import Volume
from numpy.typing import NDArray

from Testing.scene.results import GRID, INITIAL, make_result, moved

FLIP = np.array([-1.0, -1.0, 1.0])


def point_file(points: NDArray[np.float64], labels: list[str]) -> PointFile:
    return PointFile(points, labels, None, np.ones_like(points))


def test_errors_are_distances_to_where_simpleitk_sends_the_points(tmp_path: Path) -> None:
    result, random = make_result(), np.random.default_rng(4)
    index = random.uniform(0, 1, (20, 3)) * (np.array(GRID.shape[::-1]) - 1)
    fixed = index @ GRID.ijk_to_ras[:3, :3].T + GRID.ijk_to_ras[:3, 3]
    moving = fixed + random.normal(0, 5, fixed.shape)
    write_transform(result.displacement, GRID, INITIAL, tmp_path / "transform.h5")
    transform = sitk.ReadTransform(str(tmp_path / "transform.h5"))
    sent = np.array([transform.TransformPoint(point) for point in (fixed * FLIP).tolist()]) * FLIP
    linear = fixed @ INITIAL[:3, :3].T + INITIAL[:3, 3]
    found = landmark_errors(Landmarks(fixed, moving), result)
    for stage, points in (("before", fixed), ("after_initial_alignment", linear), ("after", sent)):
        lengths = np.linalg.norm(points - moving, axis=1)
        np.testing.assert_allclose(found["error_mm"][stage]["each"], lengths, atol=2e-4)
        assert found["error_mm"][stage]["mean"] == pytest.approx(lengths.mean(), abs=1e-4)
        assert found["error_mm"][stage]["median"] == pytest.approx(np.median(lengths), abs=1e-4)
        assert found["error_mm"][stage]["max"] == pytest.approx(lengths.max(), abs=1e-4)
    assert (found["count"], found["outside"]) == (20, 0)


def test_landmarks_that_were_made_by_the_transform_have_no_error() -> None:
    result = make_result()
    fixed, moving = moved(result)
    found = landmark_errors(Landmarks(fixed, moving), result)
    assert found["error_mm"]["after"]["max"] < 1e-3 < found["error_mm"]["before"]["mean"]


def test_landmarks_beyond_the_grid_are_counted() -> None:
    points = np.stack([GRID.ijk_to_ras[:3, 3], GRID.ijk_to_ras[:3, 3] - 500])
    assert landmark_errors(Landmarks(points, points), make_result())["outside"] == 1


def test_ras_and_lps_files_of_the_same_points_agree(tmp_path: Path) -> None:
    (tmp_path / "ras.fcsv").write_text("# CoordinateSystem = RAS\nn1,10,20,30,0,0,0,1,1,1,0,nose,,\n")
    (tmp_path / "lps.csv").write_text("label,x,y,z\nnose,-10,-20,30\n")
    pair = pair_landmarks(*(read_points(tmp_path / name) for name in ("ras.fcsv", "lps.csv")))
    np.testing.assert_array_equal(pair.fixed, [[10, 20, 30]])
    np.testing.assert_array_equal(pair.moving, pair.fixed)


def test_points_of_equal_names_are_partners_and_others_follow_their_order() -> None:
    points = np.arange(9.0).reshape(3, 3)
    named = pair_landmarks(point_file(points, ["a", "b", "c"]), point_file(points, ["c", "a", "b"]))
    np.testing.assert_array_equal(named.moving, points[[1, 2, 0]])
    for labels in (["F-1", "F-2", "F-3"], ["a", "a", "b"], ["", "", ""]):
        ordered = pair_landmarks(point_file(points, ["a", "b", "c"]), point_file(points, labels))
        np.testing.assert_array_equal(ordered.moving, points)


def test_lists_without_partners_are_refused_with_their_numbers() -> None:
    points = np.arange(9.0).reshape(3, 3)
    with pytest.raises(InputError, match="3 fixed and 2 moving landmarks"):
        pair_landmarks(point_file(points, ["a", "b", "c"]), point_file(points[:2], ["a", "b"]))
    with pytest.raises(InputError, match="list of moving landmarks is empty"):
        pair_landmarks(point_file(points, ["a", "b", "c"]), point_file(points[:0], []))
    volume = Volume(np.zeros((20, 20, 20), np.float32), np.eye(4), "head")
    with pytest.raises(InputError, match="moving landmark 2 has no finite position"):
        check_landmarks(Landmarks(points, np.where(points == 4, np.nan, points)), volume, volume)


def test_landmarks_of_another_frame_are_refused_with_their_distance_and_nearby_ones_pass() -> None:
    """The box ends at 19.5 along every axis."""
    volume = Volume(np.zeros((20, 20, 20), np.float32), np.eye(4), "head")
    inside, beside = np.full((3, 3), 5.0), np.array([[5.0, 5, 5], [5, 119, 5], [0, 0, 0]])
    check_landmarks(Landmarks(inside, beside), volume, volume)
    with pytest.raises(InputError, match=r"moving landmark 2 lies 120 mm outside of 'head': .* RAS or LPS"):
        check_landmarks(Landmarks(inside, beside + np.array([0, 20, 0])), volume, volume)


def test_nothing_known_adds_nothing() -> None:
    assert Reference().measure(make_result()) == {}
