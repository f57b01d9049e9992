"""Folds between the voxels: is x -> x + u(x), linear between them, one to one inside every cell?

Inside a cell the Jacobian determinant is a weighted mean of 64 determinants, each of one edge of the cell
along i, one along j and one along k. Where all 64 are positive, so is the determinant everywhere in the cell.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .volume import Grid

_CALM = 0.25  # three edges changed by less than this part of their length cannot turn a determinant's sign
_CHUNK = 1 << 14


def folded_cells(displacement: NDArray[np.floating], grid: Grid, floor: float = 0.0) -> NDArray[np.intp]:
    """Cells that may hold a fold, (n, 3): the (k, j, i) of their first voxel.

    displacement: u on grid, (K, J, I, 3), mm, RAS components. floor: what the smallest of the 64
    determinants, relative to the undeformed cell, must exceed.
    """
    wild = np.zeros([n - 1 for n in grid.shape], bool)
    for axis in range(3):
        change = np.diff(displacement, axis=axis)
        strained = np.einsum("...c,...c->...", change, change) > (_CALM * grid.spacing[2 - axis]) ** 2
        wild |= _any_edge(strained, axis)
    cells = np.argwhere(wild)
    smallest = [_smallest(displacement, grid, part) for part in _chunks(cells)]
    return cells[np.concatenate(smallest) <= floor] if smallest else cells


def _any_edge(strained: NDArray[np.bool_], axis: int) -> NDArray[np.bool_]:
    """Per cell: does one of its four edges along an axis do so?"""
    for other in range(3):
        if other != axis:
            first, second = (
                np.take(strained, range(n, strained.shape[other] - 1 + n), other) for n in (0, 1)
            )
            strained = first | second
    return strained


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
