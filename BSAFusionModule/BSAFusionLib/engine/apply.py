"""What a transform was found for, applied to everything else of the patient."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .geometry import points_ras
from .resample import slabs
from .sitk_bridge import displacement_image, place
from .transform_file import map_points
from .volume import Grid

_INTERPOLATORS = {
    "nearest": sitk.sitkNearestNeighbor,
    "linear": sitk.sitkLinear,
    "sinc": sitk.sitkHammingWindowedSinc,
}
_INTEGERS = (
    sitk.sitkUInt8,
    sitk.sitkInt8,
    sitk.sitkUInt16,
    sitk.sitkInt16,
    sitk.sitkUInt32,
    sitk.sitkInt32,
    sitk.sitkUInt64,
    sitk.sitkInt64,
)
_TOLERANCE_MM = 0.01  # of the inverse at a voxel
_MOST_LABELS = 20
_ALIKE = 0.5  # neighbours of equal value: above it in every label map, far below it in every picture


def apply_to_image(
    image: sitk.Image, grid: Grid, transform: sitk.Transform, interpolation: str, inverse: bool = False
) -> sitk.Image:
    """Pull an image onto a grid through a transform, interpolated once.

    transform: from fixed to moving points, LPS mm. image lies in the moving space and grid in the fixed one;
    with inverse it is the other way round. interpolation: nearest, which keeps the type of numbers; linear
    or sinc (Hamming window), which give float32 within the image's own range, in its own unit.
    Outside the image: its smallest value; 0 with nearest.
    """
    nearest = interpolation == "nearest"
    kind = image.GetPixelID() if nearest else sitk.sitkFloat32
    values = sitk.GetArrayViewFromImage(image)
    low, high = (0.0, 0.0) if nearest else (float(values.min()), float(values.max()))
    result = np.empty((*grid.shape, *values.shape[3:]), values.dtype if nearest else np.float32)
    for part, slab in slabs(grid):
        target = place(sitk.Image(slab.shape[::-1], sitk.sitkUInt8), slab)
        through = _inverse_on(transform, slab) if inverse else transform
        pulled = sitk.Resample(image, target, through, _INTERPOLATORS[interpolation], low, kind)
        result[part] = sitk.GetArrayViewFromImage(pulled)
    if interpolation == "sinc":
        np.clip(
            result, low, high, out=result
        )  # the kernel swings past edges; an SUV below zero means nothing
    return place(sitk.GetImageFromArray(result, isVector=result.ndim == 4), grid)


def is_label_map(image: sitk.Image) -> bool:
    """Whether an image holds labels: few whole numbers, or whole numbers that most neighbours share."""
    if image.GetNumberOfComponentsPerPixel() > 1:
        return False
    values = sitk.GetArrayViewFromImage(image)
    if image.GetPixelID() not in _INTEGERS:
        sample = values.ravel()[:: max(1, values.size // 100_000)]
        if (sample % 1 != 0).any() or np.unique(sample).size > _MOST_LABELS:
            return False
    return _share_of_equal_neighbours(values) > _ALIKE


def _share_of_equal_neighbours(values: NDArray[np.generic]) -> float:
    """Along rows, among neighbours that are not both background, which is 0."""
    left, right = values[..., :-1], values[..., 1:]
    shown = (left != 0) | (right != 0)
    return float((left == right)[shown].mean()) if shown.any() else 1.0


def _inverse_on(transform: sitk.Transform, grid: Grid) -> sitk.Transform:
    """The inverse of a transform as a displacement field that is exact at a grid's voxels."""
    points = points_ras(grid)
    origins = map_points(transform, points.reshape(-1, 3), True, _TOLERANCE_MM).reshape(points.shape)
    return sitk.DisplacementFieldTransform(displacement_image(origins - points, grid))
