import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine.body import isotropic, level
from BSAFusionLib.engine.body_mask import body_mask, otsu_threshold
from BSAFusionLib.engine.geometry import points_ras

from Testing.engine.phantoms import axial_grid, head, ramp, ramp_at, tilted_grid


@pytest.mark.parametrize("modality", ["ct", "mr", "pet"])
def test_the_body_is_the_head_and_not_the_air(modality: str) -> None:
    grid = axial_grid()
    truth = head(grid, "mr").array > 30
    found = body_mask(head(grid, modality))
    dice = 2 * (truth & found).sum() / (truth.sum() + found.sum())
    assert dice > 0.93


def test_a_coarse_volume_keeps_values_and_place() -> None:
    coarse = isotropic(ramp(tilted_grid((20, 24, 30), left_handed=True)), 5.0)
    assert np.abs(coarse.spacing - 5).max() < 0.6
    middle = (slice(2, -2),) * 3
    truth = ramp_at(points_ras(coarse.grid))
    np.testing.assert_allclose(coarse.array[middle], truth[middle], atol=1.0)


def test_a_level_keeps_a_rim_of_air_and_spreads_its_values() -> None:
    found = level(head(axial_grid(), "ct"), 5.0)
    assert found.near.sum() > 1.1 * found.body.sum()
    assert (found.near | ~found.body).all()
    assert 0 <= found.values.min() < 0.05
    assert 0.95 < found.values.max() <= 1
    np.testing.assert_allclose(found.body_center(), (0, 0, -10), atol=6)


def test_the_threshold_is_that_of_another_implementation() -> None:
    random = np.random.default_rng(3)
    values = np.concatenate((random.beta(2, 9, 5000), random.beta(8, 3, 9000)))
    image = sitk.GetImageFromArray(values.reshape(100, 140).astype(np.float32))
    theirs = sitk.OtsuThresholdImageFilter()
    theirs.SetNumberOfHistogramBins(128)
    theirs.Execute(image)
    assert otsu_threshold(values) == pytest.approx(theirs.GetThreshold(), abs=0.01)
