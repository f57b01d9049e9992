from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.io import write_displacement, write_transform
from BSAFusionLib.engine.transform_file import map_points, read_transform
from numpy.typing import NDArray

from Testing.engine.phantoms import rigid, smooth_field, tilted_grid

GRID = tilted_grid((30, 35, 40), (3, 3, 4), left_handed=True)
FIELD = smooth_field(GRID)
INITIAL = rigid((15, 5, -25), (3, -4, 20))
FLIP = np.array([-1.0, -1.0, 1.0])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_transform(FIELD, GRID, INITIAL, tmp_path / "transform.h5")
    return tmp_path / "transform.h5"


def points_inside(count: int = 400) -> NDArray[np.float64]:
    index = np.random.default_rng(0).uniform(2, np.array(GRID.shape[::-1]) - 3, (count, 3))
    return np.asarray(index @ GRID.ijk_to_ras[:3, :3].T + GRID.ijk_to_ras[:3, 3])


def test_points_go_where_simpleitk_sends_them_one_by_one(file: Path) -> None:
    points = points_inside()
    transform = sitk.ReadTransform(str(file))
    truth = np.array([transform.TransformPoint(p) for p in (points * FLIP).tolist()]) * FLIP
    np.testing.assert_allclose(map_points(read_transform(file), points), truth, atol=1e-9)


def test_points_come_back_to_a_hundredth_of_a_millimetre(file: Path) -> None:
    points = points_inside()
    transform = read_transform(file)
    back = map_points(transform, map_points(transform, points), inverse=True)
    assert np.linalg.norm(back - points, axis=1).max() < 0.01


def test_the_folder_of_a_fusion_stands_for_its_transform(file: Path) -> None:
    points = points_inside(5)
    np.testing.assert_array_equal(
        map_points(read_transform(file.parent), points), map_points(read_transform(file), points)
    )


def test_a_displacement_field_is_a_transform(tmp_path: Path) -> None:
    write_displacement(FIELD, GRID, tmp_path / "u.nrrd")
    points = np.array([GRID.ijk_to_ras @ [4, 5, 6, 1], GRID.ijk_to_ras @ [20, 21, 22, 1]])[:, :3]
    moved = map_points(read_transform(tmp_path / "u.nrrd"), points)
    np.testing.assert_allclose(moved, points + np.array([FIELD[6, 5, 4], FIELD[22, 21, 20]]), atol=1e-5)


def test_no_points_are_no_problem(file: Path) -> None:
    assert map_points(read_transform(file), np.empty((0, 3)), inverse=True).shape == (0, 3)


def test_what_is_no_transform_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "note.h5").write_text("hello")
    sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkUInt8), str(tmp_path / "picture.nrrd"))
    field = sitk.Image([4, 4, 4], sitk.sitkVectorFloat64, 3)
    field.SetMetaData("displacement field type", "modeling")
    sitk.WriteImage(field, str(tmp_path / "modeling.nrrd"))
    for name, words in [
        ("note.h5", "not a transform"),
        ("picture.nrrd", "no displacement field"),
        ("modeling.nrrd", "from moving to fixed"),
        ("missing.h5", "does not exist"),
    ]:
        with pytest.raises(InputError, match=words):
            read_transform(tmp_path / name)
