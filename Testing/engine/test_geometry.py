import numpy as np
import pytest
from BSAFusionLib.engine.errors import GeometryError, InputError
from BSAFusionLib.engine.geometry import (
    center_ras,
    check_pair,
    check_volume,
    extent_mm,
    overlap,
    points_ras,
    to_lps,
)
from BSAFusionLib.engine.volume import Grid, Volume

from Testing.engine.phantoms import ramp, rigid, tilted_grid


def test_voxel_centres_are_the_matrix_times_the_index() -> None:
    grid = tilted_grid(left_handed=True)
    points = points_ras(grid, slice(1, 3))
    assert points.shape == (2, 7, 9, 3)
    np.testing.assert_allclose(points[1, 4, 6], (grid.ijk_to_ras @ [6, 4, 2, 1])[:3], atol=1e-12)


def test_extent_and_centre_count_whole_voxels() -> None:
    grid = tilted_grid()
    np.testing.assert_allclose(extent_mm(grid), [18, 21, 20])
    np.testing.assert_allclose(center_ras(grid), [11, -23, 37])


def test_a_ras_transform_maps_the_same_point_in_lps() -> None:
    matrix = rigid((10, 20, 30), (1, 2, 3))
    ras = matrix @ [4, 5, 6, 1]
    np.testing.assert_allclose(to_lps(matrix) @ [-4, -5, 6, 1], ras * [-1, -1, 1, 1])


def test_half_of_a_box_shifted_by_half_its_width_overlaps() -> None:
    fixed = tilted_grid((10, 10, 10), (2, 2, 2), (0, 0, 0))
    moving = tilted_grid((10, 10, 20), (1, 2, 2), (0, 0, 0), left_handed=True, center=(21, -23, 37))
    place = overlap(fixed, moving)
    assert place.fixed_fraction == pytest.approx(0.5, abs=0.03)
    assert place.moving_fraction == pytest.approx(0.5, abs=0.03)
    assert place.gap_mm == 0
    assert place.moving_extent_mm == pytest.approx((20, 20, 20))


def test_the_orientation_of_the_axes_does_not_change_the_overlap() -> None:
    fixed = tilted_grid((10, 12, 14), (2, 2, 2), (30, 40, 50))
    flipped = tilted_grid((10, 12, 14), (2, 2, 2), (30, 40, 50), left_handed=True)
    assert overlap(fixed, flipped).fixed_fraction == 1


def test_the_gap_between_turned_boxes_is_the_distance_of_corner_and_face() -> None:
    fixed = tilted_grid((10, 10, 10), (1, 1, 1), (0, 0, 0), center=(0, 0, 0))
    moving = tilted_grid((10, 10, 10), (1, 1, 1), (0, 0, 45), center=(30, 0, 0))
    assert overlap(fixed, moving).gap_mm == pytest.approx(30 - 5 - 5 * np.sqrt(2), abs=1e-3)


def test_a_good_volume_in_any_orientation_passes() -> None:
    for left_handed in (False, True):
        check_volume(ramp(tilted_grid(left_handed=left_handed)), "fixed")


def spoilt(**change: object) -> Volume:
    volume = ramp(tilted_grid(), "knee")
    return Volume(**{"array": volume.array, "ijk_to_ras": volume.ijk_to_ras, "name": "knee", **change})  # type: ignore[arg-type]


def with_values(*values: float) -> np.ndarray:
    array = ramp(tilted_grid()).array.copy()
    array.flat[: len(values)] = values
    return array


MATRIX = tilted_grid().ijk_to_ras


@pytest.mark.parametrize(
    ("volume", "error", "words"),
    [
        (spoilt(array=np.zeros((4, 5), np.float32)), InputError, "2 dimensions"),
        (spoilt(array=np.zeros((0, 4, 5), np.float32)), InputError, "empty"),
        (spoilt(array=np.zeros((1, 7, 9), np.float32)), InputError, "9 x 7 x 1 voxels, a single slice"),
        (spoilt(array=np.full((5, 7, 9), 3, np.float32)), InputError, "the value 3 in every voxel"),
        (spoilt(array=with_values(np.nan, np.nan, np.inf)), InputError, r"3 of 315 .*2 NaN, 1 infinite"),
        (spoilt(ijk_to_ras=MATRIX * [1, 0, 1, 1]), GeometryError, "spacing of 2 x 0 x 4 mm"),
        (spoilt(ijk_to_ras=MATRIX * np.nan), GeometryError, "no usable position"),
        (
            spoilt(ijk_to_ras=np.diag([40, 40, 40, 1.0]) @ [[1, 0.01, 0, 0], *np.eye(4)[1:]]),
            GeometryError,
            "sheared",
        ),
        (spoilt(ijk_to_ras=np.diag([100.0, 200, 400, 1])), GeometryError, "units look wrong"),
        (
            spoilt(ijk_to_ras=np.diag([0.1, 0.2, 0.4, 1])),
            GeometryError,
            r"0\.9 x 1\.4 x 2 mm.*units look wrong",
        ),
    ],
)
def test_a_volume_that_cannot_be_fused_is_refused_with_numbers(
    volume: Volume, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        check_volume(volume, "moving")
    assert str(caught.value).startswith("The moving volume 'knee'")


def test_directions_with_six_digits_are_not_sheared() -> None:
    check_volume(spoilt(ijk_to_ras=np.round(MATRIX, 5)), "fixed")


def test_volumes_apart_are_refused_with_the_distance() -> None:
    far = ramp(Grid((5, 7, 9), tilted_grid(center=(11, -23, 137)).ijk_to_ras), "far")
    with pytest.raises(GeometryError, match=r"do not overlap: they are [78]\d mm apart.*\(center\)"):
        check_pair(ramp(tilted_grid()), far)


def test_the_same_image_twice_is_refused_and_another_on_its_grid_is_not() -> None:
    volume = ramp(tilted_grid(), "a")
    with pytest.raises(InputError, match="are the same image"):
        check_pair(volume, ramp(tilted_grid(), "b"))
    check_pair(volume, volume.with_array(-volume.array))
