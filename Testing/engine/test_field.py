"""From slice fields in pixels to a displacement in mm without folds."""

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine import field, jacobian
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.sitk_bridge import displacement_image
from BSAFusionLib.engine.slices import SliceFrame, SquarePixels
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.phantoms import smooth_field, tilted_grid

AFFINE = np.array([[1.1, 0.05, 0.0], [-0.1, 0.9, 0.02], [0.03, 0.0, 1.2]])


def slice_field(square: SquarePixels, x: float, y: float) -> NDArray[np.float32]:
    shape = (square.frame.shape[0], 1, *square.shape)
    return np.concatenate([np.full(shape, x), np.full(shape, y)], axis=1).astype(np.float32)


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_shift_in_pixels_becomes_the_same_shift_in_mm(axis: int, left_handed: bool) -> None:
    """Where a pixel's neighbours lie, by the square grid's own matrix, is where the shift must lead."""
    square = SquarePixels.of(SliceFrame.along(tilted_grid(left_handed=left_handed), axis), 1.5)
    matrix = square.grid.ijk_to_ras
    expected = 2.0 * matrix[:3, 0] - 3.0 * matrix[:3, 1]
    u = field.to_millimetres(slice_field(square, 2.0, -3.0), square)
    np.testing.assert_allclose(u, np.broadcast_to(expected, u.shape), atol=1e-5)


def test_a_linear_field_arrives_at_the_right_voxels() -> None:
    grid = tilted_grid((4, 60, 50), (0.7, 1.4, 5.0), left_handed=True)
    square = SquarePixels.of(SliceFrame.along(grid, 2), 1.0)
    gradient = np.array([0.02, -0.03, 0.01])
    amount = (points_ras(square.grid) @ gradient).astype(np.float32)
    u = field.to_millimetres(np.stack([amount, 0 * amount], axis=1), square)
    expected = (points_ras(grid) @ gradient)[..., None] * square.frame.right
    np.testing.assert_allclose(u[:, 4:-4, 4:-4], expected[:, 4:-4, 4:-4], atol=1e-4)


def test_slices_without_contrast_have_no_content() -> None:
    rng = np.random.default_rng(0)
    fixed, moving = rng.random((2, 5, 32, 32), np.float32)
    fixed[1], moving[3] = 0.4, 0.0
    content = field.slice_content(fixed, moving)
    assert content[[1, 3]].tolist() == [0, 0]
    assert content[[0, 2, 4]].tolist() == [1, 1, 1]


def test_two_blank_volumes_have_no_content_at_all() -> None:
    blank = np.zeros((3, 32, 32), np.float32)
    assert field.slice_content(blank, blank).tolist() == [0, 0, 0]


def test_smoothing_across_slices_is_a_gaussian_in_mm() -> None:
    impulse = np.zeros((41, 2, 1, 1), np.float32)
    impulse[20] = 1
    smooth = field.smooth_across_slices(impulse, np.ones(41, np.float32), spacing_mm=2.0, sigma_mm=4.0)
    profile = smooth[:, 0, 0, 0]
    assert profile[22] / profile[20] == pytest.approx(np.exp(-0.5 * (4.0 / 4.0) ** 2), rel=1e-5)
    assert profile.sum() == pytest.approx(1, rel=1e-5)


def test_smoothing_keeps_a_constant_field_and_can_be_switched_off() -> None:
    rng = np.random.default_rng(0)
    constant, noise = np.full((6, 2, 3, 4), 2.5, np.float32), rng.random((6, 2, 3, 4), np.float32)
    content = np.ones(6, np.float32)
    np.testing.assert_allclose(field.smooth_across_slices(constant, content, 3.0, 5.0), constant, rtol=1e-6)
    np.testing.assert_array_equal(field.smooth_across_slices(noise, content, 3.0, 0.0), noise)


def test_an_empty_slice_follows_its_neighbours_and_does_not_pull_them() -> None:
    shifted = np.full((9, 2, 1, 1), 4.0, np.float32)
    content = np.ones(9, np.float32)
    shifted[4], content[4] = -50.0, 0
    smooth = field.smooth_across_slices(shifted, content, 3.0, 3.0)[:, 0, 0, 0]
    np.testing.assert_allclose(smooth, 4.0, rtol=0.02)


def test_the_field_decays_beyond_the_last_slice_with_content() -> None:
    shifted = np.full((20, 2, 1, 1), 4.0, np.float32)
    content = (np.arange(20) < 8).astype(np.float32)
    smooth = field.smooth_across_slices(shifted, content, 3.0, 6.0)[:, 0, 0, 0]
    assert (np.diff(smooth[8:]) <= 0).all()
    assert smooth[7] == pytest.approx(4.0, rel=0.02)
    assert smooth[-1] == 0


def test_the_field_fades_where_the_moving_image_ends() -> None:
    shifted = np.full((2, 2, 64, 64), 4.0, np.float32)
    coverage = np.ones((2, 64, 64), bool)
    coverage[:, :, 32:] = False
    faded = field.fade_outside(shifted, coverage, 1.0, 5.0)
    np.testing.assert_array_equal(faded[..., :32], 4)
    assert (np.diff(faded[0, 0, 10]) <= 0).all()
    assert faded[0, 0, 10, -1] == 0


def test_a_jump_between_slices_and_one_within_them_become_gentle() -> None:
    torn = np.zeros((30, 2, 40, 40), np.float32)
    torn[15:, 0] = 4.0
    torn[:, 1, :, 20:] = 4.0
    smooth = field.smooth_everywhere(torn, 1.0, 2.0)
    assert np.abs(np.diff(smooth[:, 0], axis=0)).max() < 1.1
    assert np.abs(np.diff(smooth[:, 1], axis=2)).max() < 0.6
    np.testing.assert_allclose(smooth[[0, -1], 0, 5, 5], [0, 4], atol=1e-6)
    np.testing.assert_allclose(smooth.mean(axis=(0, 2, 3)), torn.mean(axis=(0, 2, 3)), atol=1e-4)


@pytest.mark.parametrize("left_handed", [False, True])
def test_the_determinant_of_an_affine_field_is_that_of_its_matrix(left_handed: bool) -> None:
    grid = tilted_grid(left_handed=left_handed)
    u = points_ras(grid) @ (AFFINE - np.eye(3)).T
    determinant = jacobian.jacobian_determinant(u.astype(np.float32), grid)
    np.testing.assert_allclose(determinant, np.linalg.det(AFFINE), atol=1e-4)


def test_the_determinant_agrees_with_simpleitk() -> None:
    grid = Grid((7, 8, 9), np.diag([2.0, 3.0, 4.0, 1.0]))
    u = smooth_field(grid, 3.0)
    oracle = sitk.DisplacementFieldJacobianDeterminant(displacement_image(u * [-1, -1, 1], grid))
    ours = jacobian.jacobian_determinant(u, grid)
    inner = (slice(1, -1),) * 3
    np.testing.assert_allclose(ours[inner], sitk.GetArrayFromImage(oracle)[inner], atol=1e-5)


def test_the_determinant_is_the_same_in_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = tilted_grid()
    u = smooth_field(grid)
    whole = jacobian.jacobian_determinant(u, grid)
    monkeypatch.setattr(jacobian, "_SLAB_VOXELS", 1)
    np.testing.assert_array_equal(jacobian.jacobian_determinant(u, grid), whole)


def test_a_field_without_folds_is_left_alone() -> None:
    grid = tilted_grid()
    u = smooth_field(grid, 0.5).astype(np.float32)
    repaired, repair = jacobian.repair_folds(u, grid)
    assert repaired is u
    assert (repair.folded, repair.rounds, repair.scale) == (0, 0, 1.0)


@pytest.mark.parametrize("amplitude", [6.0, 20.0, 400.0])
@pytest.mark.parametrize("left_handed", [False, True])
def test_no_fold_survives_the_repair(amplitude: float, left_handed: bool) -> None:
    grid = tilted_grid((9, 24, 20), (1.0, 1.5, 4.0), left_handed=left_handed)
    noise = np.random.default_rng(2).standard_normal((*grid.shape, 3)).astype(np.float32) * amplitude
    repaired, repair = jacobian.repair_folds(noise, grid)
    assert repair.folded > 0
    determinant = jacobian.jacobian_determinant(repaired, grid)
    assert determinant.min() > jacobian.FLOOR
    assert (repair.smallest, repair.largest) == (determinant.min(), determinant.max())


def test_the_repair_of_one_torn_place_leaves_the_rest_as_it_was() -> None:
    grid = Grid((5, 60, 60), np.diag([1.0, 1.0, 4.0, 1.0]))
    u = np.zeros((*grid.shape, 3), np.float32)
    u[..., 0] = 2.0
    u[2, 12, 14, 0] = -9.0
    original = u.copy()
    repaired, repair = jacobian.repair_folds(u, grid)
    assert repair.folded > 0
    np.testing.assert_array_equal(u, original)
    np.testing.assert_array_equal(repaired[:, 40:, 40:], u[:, 40:, 40:])
    assert jacobian.jacobian_determinant(repaired, grid).min() > jacobian.FLOOR
