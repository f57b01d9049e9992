"""Which voxels show the patient, and volumes made small enough to search with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .body_mask import body_mask
from .sitk_bridge import from_sitk, to_sitk
from .volume import Volume

_RIM_MM = 6.0  # air kept around the body, so that its outline counts


@dataclass(frozen=True, eq=False)
class Level:
    """A volume at one resolution.

    values: float32, (K, J, I), 0 to 1; intensities near the body, spread over the range.
    gradient: float32, (K, J, I, 3); their change in RAS, in units of the steep edges near the body, so that
        no vector is longer than 1.
    body: bool, (K, J, I); the patient, air excluded.
    near: bool, (K, J, I); the patient and a rim of air.
    ijk_to_ras: 4 x 4, mm.
    """

    values: NDArray[np.float32]
    gradient: NDArray[np.float32]
    body: NDArray[np.bool_]
    near: NDArray[np.bool_]
    ijk_to_ras: NDArray[np.float64]

    def body_center(self) -> NDArray[np.float64]:
        """Centre of gravity of the patient, RAS mm."""
        middle = np.argwhere(self.body).mean(axis=0)[::-1]
        return np.asarray(self.ijk_to_ras[:3, :3] @ middle + self.ijk_to_ras[:3, 3])


def level(volume: Volume, spacing_mm: float) -> Level:
    """Smooth and resample a volume to about spacing_mm in every direction, on its own axes."""
    return level_of(isotropic(volume, spacing_mm))


def level_of(coarse: Volume) -> Level:
    """Prepare a volume for comparison at its own resolution."""
    body = body_mask(coarse)
    radius = [max(1, round(_RIM_MM / s)) for s in coarse.spacing]
    near = sitk.GetArrayFromImage(sitk.BinaryDilate(sitk.GetImageFromArray(body.astype(np.uint8)), radius))
    near = near.astype(bool) if body.any() else np.ones(coarse.shape, bool)
    values = _spread(coarse.array, near)
    return Level(values, _gradient(coarse.with_array(values), near), body, near, coarse.ijk_to_ras)


def _gradient(volume: Volume, near: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Central differences in RAS; vectors longer than 90 % of those near the body are cut to that length."""
    along_kji: list[NDArray[np.float32]] = list(np.gradient(volume.array, *volume.spacing[::-1].tolist()))
    vectors = np.stack(along_kji[::-1], axis=-1) @ volume.direction.T
    lengths = np.linalg.norm(vectors, axis=-1)
    steep = max(float(np.percentile(lengths[near], 90)), 1e-12)
    return np.asarray((vectors / np.maximum(lengths, steep)[..., None]).astype(np.float32))


def isotropic(volume: Volume, spacing_mm: float) -> Volume:
    """Smooth and resample a volume to cubic voxels of about spacing_mm on its own axes."""
    image = to_sitk(volume)
    size, spacing = np.array(image.GetSize()), np.array(image.GetSpacing())
    sigma = 0.5 * np.sqrt(np.maximum(spacing_mm**2 - spacing**2, 0))
    if sigma.max() > 0:
        image = sitk.SmoothingRecursiveGaussian(image, np.maximum(sigma, 0.05 * spacing).tolist())
    counts = np.maximum(2, np.round(size * spacing / spacing_mm)).astype(int)
    steps = size * spacing / counts
    target = sitk.Image(counts.tolist(), sitk.sitkUInt8)
    target.SetSpacing(steps.tolist())
    target.SetDirection(image.GetDirection())
    target.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((steps / spacing / 2 - 0.5).tolist()))
    coarse = sitk.Resample(image, target, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)
    return from_sitk(coarse, volume.name)


def _spread(array: NDArray[np.float32], near: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mean of rank and linear intensity: ranks alone give the noise of a PET half of the range."""
    values = np.sort(array[near])
    low, high = np.percentile(values, [0.5, 99.5])
    linear = np.clip((array - low) / max(high - low, np.finfo(np.float32).tiny), 0, 1)
    return np.asarray((0.5 * (linear + np.searchsorted(values, array) / values.size)).astype(np.float32))
