"""MR and PET made from a CT: pairs of a patient's anatomy, noise and field of view with an exact truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from BSAFusionLib.engine.sitk_bridge import from_sitk, to_sitk
from BSAFusionLib.engine.volume import Volume
from numpy.typing import NDArray

_HU = (-1000, -300, -150, -80, -20, 30, 60, 150, 300, 700, 3000)
_UPTAKE = (0, 0, 0.15, 0.25, 0.3, 0.8, 0.9, 0.6, 0.5, 0.3, 0.2)
_T1 = (0, 0, 0.8, 1.0, 0.9, 0.45, 0.4, 0.5, 0.4, 0.05, 0.02)
_TUMOUR = 4.0  # times the uptake around it
_PET_SIGMA_MM, _MR_SIGMA_MM = 3.0, 0.6
_PET_NOISE, _NOISE_FLOOR = 0.15, 0.03
_COIL = 0.25  # standard deviation of the logarithm of the sensitivity at the rim, per axis


def read_mask(file: Path) -> NDArray[np.bool_]:
    """Where a label map is not zero."""
    return np.asarray(sitk.GetArrayFromImage(sitk.ReadImage(str(file))) > 0)


def made_pet(ct: Volume, tumour: NDArray[np.bool_], place: Volume, seed: int) -> Volume:
    """A PET on the grid of place: uptake by Hounsfield units, blurred to 7 mm, with correlated noise."""
    uptake = np.interp(ct.array, _HU, _UPTAKE).astype(np.float32)
    blurred = _seen(ct.with_array(np.where(tumour, _TUMOUR, 1) * uptake), _PET_SIGMA_MM, place)
    white = np.random.default_rng(seed).normal(size=place.shape).astype(np.float32)
    noise = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(white), 0.8))
    noise /= noise.std()
    noisy = blurred * (1 + _PET_NOISE * noise) + _NOISE_FLOOR * np.abs(noise)
    return place.with_array(np.maximum(noisy, 0).astype(np.float32), "PET")


def made_mr(ct: Volume, place: Volume, seed: int) -> Volume:
    """A T1 MR on the grid of place: fat bright, cortical bone dark, under an uneven coil, with noise."""
    random = np.random.default_rng(seed)
    tissue = _seen(ct.with_array(np.interp(ct.array, _HU, _T1).astype(np.float32)), _MR_SIGMA_MM, place)
    axes = np.meshgrid(*[np.linspace(-1, 1, count) for count in place.shape], indexing="ij")
    coil = np.exp(sum(_COIL * slope * axis for slope, axis in zip(random.normal(size=3), axes, strict=True)))
    noise = _NOISE_FLOOR * np.abs(random.normal(size=place.shape))
    return place.with_array((tissue * coil + noise).astype(np.float32), "MR")


def _seen(volume: Volume, sigma_mm: float, place: Volume) -> NDArray[np.float32]:
    image = sitk.SmoothingRecursiveGaussian(
        to_sitk(volume.with_array(volume.array.astype(np.float32))), sigma_mm
    )
    return from_sitk(sitk.Resample(image, to_sitk(place), sitk.Transform(), sitk.sitkLinear, 0.0), "").array
