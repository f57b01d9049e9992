"""From slice fields in pixels to one displacement in mm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .interpolation import apply_along, gaussian_matrix, mirrored_gaussian_matrix
from .slices import SquarePixels

Field = NDArray[np.float32]

_EMPTY_PULL = 0.01  # how much a slice without content holds its neighbours at zero; 0 would never let go
_CONTENT_KNEE = 4.0  # a quarter of the richest slice's contrast is as good as all of it
_LEAST_CONTENT = 0.05
_FADE_MM = 10.0
_EVERYWHERE_MM = 3.0


def slice_content(fixed: NDArray[np.float32], moving: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each slice has to register by, (N,) in [0, 1]; 0 where an image is nearly constant.

    fixed, moving: (N, H, W), values in [0, 1].
    """
    contrast = np.sqrt(fixed.std(axis=(1, 2)) * moving.std(axis=(1, 2)))
    content = np.minimum(1, _CONTENT_KNEE * contrast / max(float(contrast.max()), 1e-6))
    return np.where(content < _LEAST_CONTENT, 0, content).astype(np.float32)


def smooth_across_slices(
    field: Field, content: NDArray[np.float32], spacing_mm: float, sigma_mm: float
) -> Field:
    """Make neighbouring slices agree: a Gaussian of sigma_mm across slices, weighted by their content.

    field: (N, 2, H, W) px; content: (N,) in [0, 1]; spacing_mm: distance between slices.
    A slice without content takes its neighbours' displacement, which decays with distance.
    """
    smooth = gaussian_matrix(len(field), sigma_mm / spacing_mm)
    weights = smooth * content
    norm = weights.sum(axis=1) + _EMPTY_PULL * (smooth @ (1 - content))
    return apply_along(weights / norm[:, None], field, 0)


def smooth_everywhere(field: Field, pixel_mm: float, spacing_mm: float) -> Field:
    """Smooth a field (N, 2, H, W) a little in 3-D, so that no place is so steep that it inverts badly.

    pixel_mm: side of a pixel; spacing_mm: distance between slices.
    """
    for axis, step in ((0, spacing_mm), (2, pixel_mm), (3, pixel_mm)):
        field = apply_along(mirrored_gaussian_matrix(field.shape[axis], _EVERYWHERE_MM / step), field, axis)
    return field


def fade_outside(field: Field, coverage: NDArray[np.bool_], pixel_mm: float, spacing_mm: float) -> Field:
    """Let a field (N, 2, H, W) decay to zero where the moving image ends; coverage is (N, H, W).

    pixel_mm: side of a pixel; spacing_mm: distance between slices.
    """
    if coverage.all():
        return field
    share = coverage.astype(np.float32)
    for axis, step in enumerate((spacing_mm, pixel_mm, pixel_mm)):
        share = apply_along(gaussian_matrix(coverage.shape[axis], _FADE_MM / step), share, axis)
    return field * np.minimum(1, 2 * share)[:, None]


def to_millimetres(field: Field, square: SquarePixels) -> NDArray[np.float32]:
    """Express a slice field on the fixed grid: u, (K, J, I, 3), float32, mm, RAS components.

    field: (N, 2, H, W) in square pixels, x (columns) first.
    """
    frame = square.frame
    displacement = np.empty((*frame.grid.shape, 3), np.float32)
    stack = frame.cut(displacement)
    along_x, along_y = (square.expand(square.pixel * field[:, channel]) for channel in (0, 1))
    for component in range(3):
        stack[..., component] = (
            np.float32(frame.right[component]) * along_x + np.float32(frame.down[component]) * along_y
        )
    return displacement
