import numpy as np
import pytest
from BSAFusionLib.engine.sitk_bridge import displacement_image, from_sitk, sitk_affine, to_sitk

from Testing.engine.phantoms import ramp, rigid, smooth_field, tilted_grid


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_voxel_lies_at_the_mirrored_point_in_lps(left_handed: bool) -> None:
    grid = tilted_grid(left_handed=left_handed)
    image = to_sitk(ramp(grid))
    ras = (grid.ijk_to_ras @ [6, 2, 3, 1])[:3]
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((6, 2, 3)), ras * [-1, -1, 1], atol=1e-9)
    assert image[6, 2, 3] == pytest.approx(100 + ras @ [2, -3, 5], rel=1e-6)


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_volume_comes_back_unchanged(left_handed: bool) -> None:
    volume = ramp(tilted_grid(left_handed=left_handed), "knee")
    back = from_sitk(to_sitk(volume), "knee")
    np.testing.assert_array_equal(back.array, volume.array)
    np.testing.assert_allclose(back.ijk_to_ras, volume.ijk_to_ras, atol=1e-12)
    assert back.array.dtype == np.float32
    assert back.name == "knee"


def test_an_affine_transform_maps_the_same_point_in_both_frames() -> None:
    matrix = rigid((10, -20, 30), (5, -6, 7)) @ np.diag([1.1, 0.9, 1.2, 1])
    mapped = sitk_affine(matrix).TransformPoint((-4.0, -5.0, 6.0))
    np.testing.assert_allclose(mapped, (matrix @ [4, 5, 6, 1])[:3] * [-1, -1, 1])


def test_a_displacement_keeps_its_voxel_and_turns_its_components() -> None:
    grid = tilted_grid(left_handed=True)
    u = smooth_field(grid)
    image = displacement_image(u.astype(np.float32), grid)
    assert image.GetPixelIDTypeAsString() == "vector of 64-bit float"
    np.testing.assert_allclose(image[8, 1, 2], u[2, 1, 8] * [-1, -1, 1], rtol=1e-6)
    np.testing.assert_allclose(image.GetSpacing(), [2, 3, 4])
