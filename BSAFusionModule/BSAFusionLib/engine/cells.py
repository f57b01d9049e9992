"""Folds between the voxels: is x -> x + u(x), linear between them, one to one inside every cell?

Inside a cell the Jacobian determinant is a weighted mean of 64 determinants, each of one edge of the cell
along i, one along j and one along k. Where all 64 are positive, so is the determinant everywhere in the cell.
None of them can be zero or less where the edges change by less than their length taken together, as the root
of the summed squares of their changes: what is added to the identity is then shorter than any unit vector.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .volume import Grid

_CALM = 0.99  # of that bound: what is left is for rounding
_CHUNK = 1 << 14


def folded_cells(displacement: NDArray[np.floating], grid: Grid) -> NDArray[np.intp]:
    """Cells that may hold a fold, (n, 3): the (k, j, i) of their first voxel.

    displacement: u on grid, (K, J, I, 3), mm, RAS components.
    """
    strain = np.zeros([n - 1 for n in grid.shape], np.float32)
    for axis in range(3):
        change = np.diff(displacement, axis=axis)
        squared = np.einsum("...c,...c->...", change, change)
        strain += _largest_edge(squared, axis) / np.float32(grid.spacing[2 - axis] ** 2)
    shear = np.linalg.svd(grid.direction, compute_uv=False).min()  # 1 where axes are perpendicular
    cells = np.argwhere(strain > (_CALM * shear) ** 2)
    smallest = [_smallest(displacement, grid, part) for part in _chunks(cells)]
    return cells[np.concatenate(smallest) <= 0] if smallest else cells


def _largest_edge(squared: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Per cell: the largest of what was found at its four edges along an axis."""
    for other in range(3):
        if other != axis:
            along = np.moveaxis(squared, other, 0)
            squared = np.moveaxis(np.maximum(along[1:], along[:-1]), 0, other)
    return squared


def _chunks(cells: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [cells[start : start + _CHUNK] for start in range(0, len(cells), _CHUNK)]


def _smallest(displacement: NDArray[np.floating], grid: Grid, cells: NDArray[np.intp]) -> NDArray[np.float64]:
    """The smallest of the 64 determinants of each cell; 1 where nothing is deformed."""
    edges = [_edges(displacement, grid, cells, axis) for axis in (2, 1, 0)]
    along_i, along_j, along_k = edges
    normals = np.cross(along_j[:, :, None], along_k[:, None]).reshape(len(cells), 16, 3)
    volumes = np.einsum("nac,nbc->nab", along_i, normals) / np.linalg.det(grid.ijk_to_ras[:3, :3])
    return np.asarray(volumes.reshape(len(cells), 64).min(axis=1))


def _edges(
    displacement: NDArray[np.floating], grid: Grid, cells: NDArray[np.intp], axis: int
) -> NDArray[np.float64]:
    """The four deformed edges of each cell along an array axis, (n, 4, 3), mm, RAS."""
    step = np.eye(3, dtype=np.intp)[axis]
    others = [n for n in range(3) if n != axis]
    found = []
    for corner in product((0, 1), repeat=2):
        offset = np.zeros(3, np.intp)
        offset[others] = corner
        start, end = (tuple((cells + offset + more).T) for more in (0 * step, step))
        found.append(displacement[end] - displacement[start] + grid.ijk_to_ras[:3, 2 - axis])
    return np.stack(found, axis=1).astype(np.float64)
