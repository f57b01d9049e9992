"""Between the engine's RAS volumes and SimpleITK's LPS images."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .geometry import to_lps
from .volume import Grid, Volume

_FLIP = np.array([-1.0, -1.0, 1.0])  # RAS <-> LPS


def to_sitk(volume: Volume) -> sitk.Image:
    """Copy a volume into a SimpleITK image, float32, LPS mm."""
    return place(sitk.GetImageFromArray(volume.array), volume.grid)


def from_sitk(image: sitk.Image, name: str) -> Volume:
    """Copy a scalar 3-D SimpleITK image, LPS mm, into a volume, float32, RAS mm."""
    array = sitk.GetArrayViewFromImage(image).astype(np.float32)
    return Volume(array, ijk_to_ras(image), name)


def ijk_to_ras(image: sitk.Image) -> NDArray[np.float64]:
    """4 x 4 from (i, j, k, 1) to RAS mm of a 3-D SimpleITK image."""
    matrix = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    matrix[:3, :3] = _FLIP[:, None] * direction * np.array(image.GetSpacing())
    matrix[:3, 3] = _FLIP * np.array(image.GetOrigin())
    return matrix


def place(image: sitk.Image, grid: Grid) -> sitk.Image:
    """Give a SimpleITK image the spacing, origin and direction of grid, and return it."""
    image.SetSpacing(grid.spacing.tolist())
    image.SetOrigin((_FLIP * grid.ijk_to_ras[:3, 3]).tolist())
    image.SetDirection((_FLIP[:, None] * grid.direction).ravel().tolist())
    return image


def sitk_affine(matrix: NDArray[np.float64]) -> sitk.AffineTransform:
    """Turn a 4 x 4 RAS-to-RAS matrix, mm, into SimpleITK's affine transform in LPS."""
    lps = to_lps(matrix)
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(lps[:3, :3].ravel().tolist())
    affine.SetTranslation(lps[:3, 3].tolist())
    return affine


def displacement_image(displacement: NDArray[np.floating], grid: Grid) -> sitk.Image:
    """Turn a displacement, (K, J, I, 3), mm, RAS components, into a float64 vector image in LPS."""
    return place(sitk.GetImageFromArray(displacement * _FLIP, isVector=True), grid)
