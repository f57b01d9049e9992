"""A volume on another volume's grid, interpolated once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .sitk_bridge import displacement_image, place, sitk_affine, to_sitk
from .volume import Grid, Volume

Interpolation = Literal["linear", "nearest", "cubic"]

_SLAB_VOXELS = 1 << 20  # 24 MB of displacement at a time
_INTERPOLATORS = {
    "linear": sitk.sitkLinear,
    "nearest": sitk.sitkNearestNeighbor,
    "cubic": sitk.sitkBSplineResamplerOrder3,
}


def resample(
    moving: Volume,
    grid: Grid,
    initial: NDArray[np.float64] | None = None,
    displacement: NDArray[np.floating] | None = None,
    interpolation: Interpolation = "linear",
    fill: float | None = None,
) -> NDArray[np.float32]:
    """Pull moving back onto grid: result(x) = moving(initial @ (x + u(x))); float32, (K, J, I).

    initial: 4 x 4, RAS mm; identity when None.
    displacement: u on grid, (K, J, I, 3), mm, RAS components; zero when None.
    fill: value of points more than half a voxel outside the moving volume; its minimum when None.
    """
    background = float(moving.array.min()) if fill is None else fill
    image = to_sitk(moving)
    if interpolation == "cubic":
        image = sitk.BSplineDecomposition(image, 3)
    affine = sitk_affine(np.eye(4) if initial is None else initial)
    result = np.empty(grid.shape, np.float32)
    for part, slab in slabs(grid):
        transform = affine
        if displacement is not None:
            transform = total_transform(displacement[part], slab, affine)
        target = place(sitk.Image(slab.shape[::-1], sitk.sitkUInt8), slab)
        pulled = sitk.Resample(
            image, target, transform, _INTERPOLATORS[interpolation], background, sitk.sitkFloat32
        )
        result[part] = sitk.GetArrayViewFromImage(pulled)
    return result


def total_transform(
    displacement: NDArray[np.floating], grid: Grid, initial: sitk.Transform
) -> sitk.CompositeTransform:
    """Chain u on grid, (K, J, I, 3), mm, RAS components, and initial into fixed LPS mm to moving LPS mm."""
    field = sitk.DisplacementFieldTransform(displacement_image(displacement, grid))
    return sitk.CompositeTransform([initial, field])  # the last one is applied first


def inverse_transform(
    displacement: NDArray[np.floating], grid: Grid, initial: sitk.Transform
) -> sitk.CompositeTransform:
    """Chain initial^-1, then v on grid, (K, J, I, 3), mm, RAS components: moving to fixed LPS mm."""
    field = sitk.DisplacementFieldTransform(displacement_image(displacement, grid))
    return sitk.CompositeTransform([field, initial])  # the last one is applied first


def slabs(grid: Grid) -> Iterator[tuple[slice, Grid]]:
    """Cut a grid along K into parts that are small enough for a double precision field."""
    count, rows, columns = grid.shape
    thickness = max(1, _SLAB_VOXELS // (rows * columns))
    for start in range(0, count, thickness):
        stop = min(start + thickness, count)
        matrix = grid.ijk_to_ras.copy()
        matrix[:3, 3] += start * matrix[:3, 2]
        yield slice(start, stop), Grid((stop - start, rows, columns), matrix)
