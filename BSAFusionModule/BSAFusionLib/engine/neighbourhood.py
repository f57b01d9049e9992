"""How well an aligned volume fits where it lies, and how well it would fit elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .body import Level, isotropic, level_of
from .interpolation import antialias_sigma, apply_along, gaussian_matrix
from .resample import resample
from .volume import Grid, Volume

Matrix = NDArray[np.float64]
Floats = NDArray[np.float32]

FAR_MM = 45.0
_POINTS = 150_000
_SPACING_MM = (3.0, 6.0)


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Points of the fixed body, and the aligned moving volume at and around each of them.

    A shift is a step on the grid, (k, j, i) in voxels, up to reach of them.

    fixed, moving: both at one resolution; moving on the same grid and reach voxels more on every side.
    inside: bool, where the moving volume has values, on its grid. index: (n, 3), the points, (k, j, i) in
    the fixed grid. reach: voxels. spacing: mm, of the nearly cubic voxels.
    """

    fixed: Level
    moving: Level
    inside: NDArray[np.bool_]
    index: NDArray[np.intp]
    reach: int
    spacing: float

    @classmethod
    def of(
        cls,
        fixed: Volume,
        moving: Volume,
        initial: Matrix,
        displacement: Callable[[Grid], Floats] | None = None,
    ) -> Neighbourhood:
        """Align moving, through a displacement, if any, and then initial, 4 x 4, RAS mm.

        displacement: gives u, (K, J, I, 3), mm, RAS components, on a coarser grid in the fixed one's box.
        """
        spacing = _choose_spacing(fixed)
        coarse = isotropic(fixed, spacing)
        spacing = float(coarse.spacing.mean())
        reach = int(np.ceil(FAR_MM / spacing))
        grid = _grown(coarse.grid, reach)
        u = None
        if displacement is not None:
            u = np.pad(displacement(coarse.grid), [(reach, reach)] * 3 + [(0, 0)], "edge")
        pulled = resample(_antialiased(moving, spacing), grid, initial, u, fill=float("nan"))
        inside = ~np.isnan(pulled)
        pulled[~inside] = moving.array.min()
        here, there = level_of(coarse), level_of(Volume(pulled, grid.ijk_to_ras))
        return cls(here, there, inside, np.argwhere(here.near), reach, spacing)


def _choose_spacing(fixed: Volume) -> float:
    """Fine enough to see edges, coarse enough to be quick."""
    voxel_mm3 = float(np.prod(fixed.spacing))
    wanted = max(voxel_mm3, voxel_mm3 * fixed.array.size / _POINTS)
    return float(np.clip(np.cbrt(wanted), *_SPACING_MM))


def _grown(grid: Grid, by: int) -> Grid:
    matrix = grid.ijk_to_ras.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ np.full(3, float(by))
    k, j, i = (n + 2 * by for n in grid.shape)
    return Grid((k, j, i), matrix)


def _antialiased(volume: Volume, spacing: float) -> Volume:
    array = volume.array
    for axis, step in enumerate(volume.spacing[::-1]):
        array = apply_along(gaussian_matrix(array.shape[axis], antialias_sigma(spacing / step)), array, axis)
    return volume.with_array(array)
