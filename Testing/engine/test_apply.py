import numpy as np
import SimpleITK as sitk
from BSAFusionLib.engine.apply import apply_to_image, is_label_map
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.resample import total_transform
from BSAFusionLib.engine.sitk_bridge import place, sitk_affine, to_sitk
from BSAFusionLib.engine.transform_file import map_points
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.phantoms import axial_grid, head, ramp, ramp_at, rigid, smooth_field, tilted_grid

FIXED = tilted_grid((20, 22, 24), (3, 3, 4), left_handed=True)
MOVING = tilted_grid((60, 62, 64), (2.5, 2.5, 3.0), (-10, 15, 30))
INITIAL = rigid((6, -4, 8), (3, -4, 2))
WARP = total_transform(smooth_field(FIXED), FIXED, sitk_affine(INITIAL))


def ball(grid: Grid, radius_mm: float) -> sitk.Image:
    distance = np.linalg.norm(points_ras(grid) - center_ras(grid), axis=-1)
    labels = np.where(distance < radius_mm, 7, 0) + np.where(distance < radius_mm / 2, 300, 0)
    return place(sitk.GetImageFromArray(labels.astype(np.uint16)), grid)


def volume_mm3(image: sitk.Image, label: int) -> float:
    return float((sitk.GetArrayViewFromImage(image) == label).sum() * np.prod(image.GetSpacing()))


def interior(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array[4:-4, 4:-4, 4:-4]


def test_an_image_shows_at_each_fixed_point_what_lies_at_the_moving_one() -> None:
    result = apply_to_image(to_sitk(ramp(MOVING)), FIXED, WARP, "linear")
    truth = ramp_at(map_points(WARP, points_ras(FIXED).reshape(-1, 3))).reshape(FIXED.shape)
    np.testing.assert_allclose(sitk.GetArrayFromImage(result), truth, atol=0.01)


def test_the_inverse_shows_at_each_moving_point_what_lies_at_the_fixed_one() -> None:
    small = tilted_grid((9, 9, 9), (2, 2, 2), (5, 10, 20))
    result = apply_to_image(to_sitk(ramp(FIXED)), small, WARP, "linear", inverse=True)
    truth = ramp_at(map_points(WARP, points_ras(small).reshape(-1, 3), inverse=True)).reshape(small.shape)
    np.testing.assert_allclose(sitk.GetArrayFromImage(result), truth, atol=0.1)  # 0.01 mm on a slope of 6


def test_labels_keep_their_values_and_their_volume_under_rigid_motion() -> None:
    labels = ball(MOVING, 50)
    result = apply_to_image(labels, tilted_grid((90, 90, 90), (2, 2, 2)), sitk_affine(INITIAL), "nearest")
    assert result.GetPixelID() == sitk.sitkUInt16
    assert set(np.unique(sitk.GetArrayViewFromImage(result)).tolist()) == {0, 7, 307}
    for label in (7, 307):
        assert abs(volume_mm3(result, label) / volume_mm3(labels, label) - 1) < 0.02


def test_sinc_is_closer_to_the_truth_than_linear_and_never_leaves_the_range() -> None:
    grid = axial_grid((4, 4, 4))
    shift = np.eye(4)
    shift[:3, 3] = (2, 2, 2)
    pet = head(grid, "pet")
    truth = interior(head(grid, "pet", shift).array)
    error = {}
    for kind in ("linear", "sinc"):
        array = sitk.GetArrayFromImage(apply_to_image(to_sitk(pet), grid, sitk_affine(shift), kind))
        error[kind] = np.abs(interior(array) - truth).mean()
        assert pet.array.min() <= array.min()
        assert array.max() <= pet.array.max()
    assert error["sinc"] < 0.8 * error["linear"]


def test_label_maps_are_told_from_pictures() -> None:
    grid = axial_grid()
    noise = np.random.default_rng(0).normal(0, 20, grid.shape)
    picture = (head(grid, "mr").array / 4 + noise).clip(0, 255).astype(np.uint8)
    many = (np.indices(grid.shape) // 7).sum(axis=0).astype(np.int16) * 10
    assert is_label_map(ball(grid, 40))
    assert is_label_map(sitk.Cast(ball(grid, 40), sitk.sitkFloat32))
    assert is_label_map(sitk.GetImageFromArray(many))
    assert not is_label_map(sitk.GetImageFromArray(picture))
    assert not is_label_map(to_sitk(head(grid, "ct")))
