"""Cutting volumes into upright slices, square pixels, and the way back."""

import numpy as np
import pytest
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.slices import SliceFrame, SquarePixels, choose_axis
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.phantoms import ramp, ramp_at, tilted_grid

UPRIGHT = (0.0, 0.0, 0.0)


def stack_points(frame: SliceFrame) -> NDArray[np.float64]:
    """RAS mm of every pixel of the stack, from its matrix alone."""
    return points_ras(Grid(frame.shape, frame.stack_to_ras()))


@pytest.mark.parametrize(
    ("spacing", "axis"), [((2, 3, 4), 2), ((5, 3, 4), 0), ((1, 3, 2), 1), ((2, 2, 2), 2), ((3, 3, 1), 1)]
)
def test_slices_follow_the_largest_spacing_and_the_last_axis_of_equals(
    spacing: tuple[float, float, float], axis: int
) -> None:
    assert choose_axis(tilted_grid(spacing=spacing)) == axis


def test_rounding_in_the_spacing_breaks_no_tie() -> None:
    assert choose_axis(tilted_grid(spacing=(1.00001, 1.0, 1.0))) == 2


def test_named_planes_find_their_axis_in_a_permuted_volume() -> None:
    matrix = np.array([[0, 0, -3.0, 0], [2.0, 0, 0, 0], [0, -4.0, 0, 0], [0, 0, 0, 1]])
    grid = Grid((5, 7, 9), matrix)
    assert [choose_axis(grid, name) for name in ("sagittal", "coronal", "axial")] == [2, 0, 1]
    assert [choose_axis(grid, name) for name in ("i", "j", "k")] == [0, 1, 2]


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_cut_volume_comes_back_unchanged(axis: int, left_handed: bool) -> None:
    array = np.random.default_rng(1).random((5, 7, 9, 3))
    frame = SliceFrame.along(tilted_grid(left_handed=left_handed), axis)
    assert frame.cut(array).shape == (*frame.shape, 3)
    np.testing.assert_array_equal(frame.put_back(frame.cut(array)), array)


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_pixel_of_the_stack_keeps_its_place_in_the_patient(axis: int, left_handed: bool) -> None:
    grid = tilted_grid(left_handed=left_handed)
    frame = SliceFrame.along(grid, axis)
    np.testing.assert_allclose(frame.cut(points_ras(grid)), stack_points(frame), atol=1e-9)


@pytest.mark.parametrize("left_handed", [False, True])
def test_axial_slices_show_the_left_on_the_right_and_the_front_up(left_handed: bool) -> None:
    frame = SliceFrame.along(tilted_grid(angles_deg=UPRIGHT, left_handed=left_handed), 2)
    np.testing.assert_allclose(frame.right, [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(frame.down, [0, -1, 0], atol=1e-12)


def test_sagittal_and_coronal_slices_show_the_head_up() -> None:
    grid = tilted_grid(angles_deg=UPRIGHT)
    sagittal, coronal = SliceFrame.along(grid, 0), SliceFrame.along(grid, 1)
    np.testing.assert_allclose([sagittal.right, sagittal.down], [[0, -1, 0], [0, 0, -1]], atol=1e-12)
    np.testing.assert_allclose([coronal.right, coronal.down], [[-1, 0, 0], [0, 0, -1]], atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_row_and_column_directions_are_the_steps_of_the_stack(axis: int) -> None:
    frame = SliceFrame.along(tilted_grid(left_handed=True), axis)
    points = stack_points(frame)
    np.testing.assert_allclose(points[1, 3, 4] - points[1, 3, 3], frame.right * frame.spacing[2], atol=1e-9)
    np.testing.assert_allclose(points[1, 4, 3] - points[1, 3, 3], frame.down * frame.spacing[1], atol=1e-9)


@pytest.mark.parametrize("pixel", [0.7, 1.0, 2.3])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ramp_in_square_pixels_has_its_analytic_values(axis: int, pixel: float) -> None:
    """A shift of half a pixel would be off by thousands of times the tolerance of 1e-4 pixel."""
    grid = tilted_grid((100, 100, 150), (0.6, 1.5, 0.9), left_handed=True)
    square = SquarePixels.of(SliceFrame.along(grid, axis), pixel)
    shrunk = square.shrink(square.frame.cut(ramp(grid).array))
    error = np.abs(shrunk - ramp_at(points_ras(square.grid)))
    margin = 8
    assert error[:, margin:-margin, margin:-margin].max() < 1e-4 * 2 * pixel


def test_square_pixels_are_square_and_share_the_centre() -> None:
    frame = SliceFrame.along(tilted_grid((9, 50, 60), (0.7, 1.3, 4.0)), 2)
    grid = SquarePixels.of(frame, 1.0).grid
    np.testing.assert_allclose(grid.spacing, [1.0, 1.0, 4.0])
    assert grid.shape == (9, 65, 42)
    points, native = points_ras(grid), stack_points(frame)
    np.testing.assert_allclose(points.mean(axis=(0, 1, 2)), native.mean(axis=(0, 1, 2)), atol=1e-9)


def test_small_slices_are_padded_to_what_the_network_takes() -> None:
    square = SquarePixels.of(SliceFrame.along(tilted_grid(), 2), 1.0)
    assert square.shape == (32, 32)
    assert square.shrink(square.frame.cut(ramp(tilted_grid()).array)).shape == (5, 32, 32)


def test_a_smooth_picture_survives_the_way_to_square_pixels_and_back() -> None:
    grid = tilted_grid((3, 120, 90), (0.8, 0.55, 4.0))
    frame = SliceFrame.along(grid, 2)
    x, y = np.meshgrid(np.arange(frame.shape[2]) * 0.05, np.arange(frame.shape[1]) * 0.04)
    picture = np.repeat((np.sin(x) * np.cos(y))[None], 3, axis=0).astype(np.float32)
    square = SquarePixels.of(frame, 1.0)
    back = square.expand(square.shrink(picture))
    np.testing.assert_allclose(back[:, 4:-4, 4:-4], picture[:, 4:-4, 4:-4], atol=4e-3)


def test_fine_stripes_are_smoothed_away_instead_of_aliased() -> None:
    grid = tilted_grid((2, 128, 128), (0.4, 0.4, 4.0))
    stripes = np.tile(np.arange(128) % 2, (2, 128, 1)).astype(np.float32)
    square = SquarePixels.of(SliceFrame.along(grid, 2), 1.0)
    assert square.shrink(stripes)[:, 8:-8, 8:-8].std() < 0.02


def test_one_square_pixel_equal_to_the_own_pixel_changes_nothing() -> None:
    grid = tilted_grid((3, 40, 36), (1.0, 1.0, 4.0))
    frame = SliceFrame.along(grid, 2)
    stack = np.random.default_rng(0).random(frame.shape, np.float32)
    square = SquarePixels.of(frame, 1.0)
    np.testing.assert_allclose(square.shrink(stack), stack, atol=1e-6)
    np.testing.assert_allclose(square.expand(stack), stack, atol=1e-6)
