import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine import resample as module
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.sitk_bridge import to_sitk
from BSAFusionLib.engine.volume import Volume

from Testing.engine.phantoms import Matrix, ramp, ramp_at, rigid, smooth_field, tilted_grid

FIXED = tilted_grid((6, 7, 9), (2, 3, 4), (20, -35, 50), left_handed=True)
MOVING = tilted_grid((40, 42, 44), (2.5, 2.0, 3.0), (-10, 15, 30))


def about_center(matrix: Matrix) -> Matrix:
    shift = np.eye(4)
    shift[:3, 3] = center_ras(FIXED)
    return np.asarray(shift @ matrix @ np.linalg.inv(shift))


INITIAL = about_center(rigid((15, 5, -25), (3, -4, 2)))


def noise() -> Volume:
    values = np.random.default_rng(1).normal(size=MOVING.shape).astype(np.float32)
    return Volume(values, MOVING.ijk_to_ras)


def test_displacement_comes_first_then_the_initial_transform() -> None:
    u = smooth_field(FIXED)
    truth = ramp_at((points_ras(FIXED) + u) @ INITIAL[:3, :3].T + INITIAL[:3, 3])
    np.testing.assert_allclose(resample(ramp(MOVING), FIXED, INITIAL, u), truth, atol=1e-2)


def test_slabs_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    u = smooth_field(FIXED)
    whole = resample(noise(), FIXED, INITIAL, u)
    monkeypatch.setattr(module, "_SLAB_VOXELS", 2 * 7 * 9)
    np.testing.assert_array_equal(resample(noise(), FIXED, INITIAL, u), whole)


@pytest.mark.parametrize(
    ("interpolation", "interpolator"),
    [("linear", sitk.sitkLinear), ("nearest", sitk.sitkNearestNeighbor), ("cubic", sitk.sitkBSpline3)],
)
def test_an_affine_transform_agrees_with_simpleitk(interpolation: str, interpolator: int) -> None:
    lps = np.diag([-1, -1, 1, 1]) @ INITIAL @ np.diag([-1, -1, 1, 1])
    transform = sitk.AffineTransform(lps[:3, :3].ravel().tolist(), lps[:3, 3].tolist())
    truth = sitk.Resample(to_sitk(noise()), to_sitk(ramp(FIXED)), transform, interpolator, 0.0)
    result = resample(noise(), FIXED, INITIAL, None, interpolation)  # type: ignore[arg-type]
    np.testing.assert_allclose(result, sitk.GetArrayFromImage(truth), atol=1e-4)


def test_a_volume_on_its_own_grid_stays_as_it_is() -> None:
    volume = noise()
    np.testing.assert_allclose(resample(volume, volume.grid), volume.array, atol=1e-6)
    np.testing.assert_allclose(resample(volume, volume.grid, interpolation="cubic"), volume.array, atol=1e-4)


def test_beyond_half_a_voxel_lies_the_fill_value() -> None:
    volume = ramp(tilted_grid(angles_deg=(0, 0, 0)))
    shifted = np.eye(4)
    shifted[0, 3] = 0.9  # of a spacing of 2
    np.testing.assert_allclose(resample(volume, volume.grid, shifted)[..., -1], volume.array[..., -1])
    shifted[0, 3] = 1.1
    assert (resample(volume, volume.grid, shifted)[..., -1] == volume.array.min()).all()
    assert (resample(volume, volume.grid, shifted, fill=-7.0)[..., -1] == -7).all()


def test_the_result_is_float32_and_the_inputs_are_untouched() -> None:
    volume, u = noise(), smooth_field(FIXED).astype(np.float32)
    before = volume.array.copy(), u.copy()
    result = resample(volume, FIXED, INITIAL, u)
    assert result.dtype == np.float32
    assert result.shape == FIXED.shape
    np.testing.assert_array_equal(volume.array, before[0])
    np.testing.assert_array_equal(u, before[1])
