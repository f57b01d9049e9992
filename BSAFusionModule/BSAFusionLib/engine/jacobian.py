"""Folds of a displacement: found by the Jacobian determinant, and smoothed away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .cells import folded_cells
from .interpolation import apply_along, gaussian_matrix
from .volume import Grid

Displacement = NDArray[np.float32]

FLOOR = 0.05
_STEEP = 0.2  # smoothing starts before a fold, or each round would only push the fold aside
_ROUNDS = 24
_SLAB_VOXELS = 1 << 21


@dataclass(frozen=True)
class Repair:
    """What it took to make a displacement free of folds.

    folded: voxels at or below the floor, or at the corner of a cell with a fold, before the repair.
    rounds: times the folded places were smoothed.
    scale: factor by which the whole displacement was shrunk at last; 1 when smoothing was enough.
    smallest, largest: range of the determinant after the repair.
    """

    folded: int
    rounds: int
    scale: float
    smallest: float
    largest: float


def jacobian_determinant(displacement: NDArray[np.floating], grid: Grid) -> NDArray[np.float32]:
    """Local change of volume of x -> x + u(x), (K, J, I); 1 is none, 0 and below is a fold.

    displacement: u on grid, (K, J, I, 3), mm, RAS components; central differences, one-sided at the faces.
    """
    result = np.empty(grid.shape, np.float32)
    for inner, outer in _slabs(grid.shape):
        part = displacement[outer]
        begin = inner.start - outer.start
        result[inner] = _determinant(part, grid.ijk_to_ras[:3, :3])[begin : begin + inner.stop - inner.start]
    return result


def repair_folds(displacement: Displacement, grid: Grid, floor: float = FLOOR) -> tuple[Displacement, Repair]:
    """Give back a displacement without folds at the voxels of grid and between them, and what it took.

    At every voxel the determinant is above floor; in every cell all determinants of cells.py are positive.

    displacement: u, (K, J, I, 3), float32, mm, RAS components; returned as it is when nothing is folded.
    Folded places are smoothed, wider from round to round; if that is not enough, all of u is halved until it
    is, which must end because the determinant of no displacement is 1.
    """
    determinant = jacobian_determinant(displacement, grid)
    bad = _folded(displacement, determinant, grid, floor)
    folded = int(bad.sum())
    if folded:
        displacement = displacement.copy()
    rounds, scale = 0, 1.0
    while bad.any():
        if rounds < _ROUNDS:
            _smooth_places(displacement, bad | (determinant <= max(floor, _STEEP)), grid, 1 + rounds / 4)
            rounds += 1
        else:
            displacement *= 0.5
            scale *= 0.5
        determinant = jacobian_determinant(displacement, grid)
        bad = _folded(displacement, determinant, grid, floor)
    repair = Repair(folded, rounds, scale, float(determinant.min()), float(determinant.max()))
    return displacement, repair


def _folded(
    displacement: Displacement, determinant: NDArray[np.float32], grid: Grid, floor: float
) -> NDArray[np.bool_]:
    """Voxels that are folded or lie at the corner of a cell that may be."""
    bad = determinant <= floor
    k, j, i = folded_cells(displacement, grid).T
    for dk, dj, di in product((0, 1), repeat=3):
        bad[k + dk, j + dj, i + di] = True
    return np.asarray(bad)


def _slabs(shape: tuple[int, int, int]) -> Iterator[tuple[slice, slice]]:
    """Parts along K, and the same parts with one slice more on either side."""
    count, rows, columns = shape
    thickness = max(1, _SLAB_VOXELS // (rows * columns))
    for start in range(0, count, thickness):
        stop = min(start + thickness, count)
        yield slice(start, stop), slice(max(0, start - 1), min(count, stop + 1))


def _determinant(part: NDArray[np.floating], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """det(M + du/dijk) / det(M) equals det(I + du/dx), for M from indices to mm."""
    rows = [
        [slope + np.float32(matrix[row, axis]) for axis, slope in enumerate(_slopes(part[..., row]))]
        for row in range(3)
    ]
    (a, b, c), (d, e, f), (g, h, i) = rows
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return np.asarray(determinant / np.float32(np.linalg.det(matrix)), np.float32)


def _slopes(component: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """Derivatives along i, j, k."""
    return [np.gradient(component, axis=axis) for axis in (2, 1, 0)]


def _smooth_places(displacement: Displacement, steep: NDArray[np.bool_], grid: Grid, width: float) -> None:
    """Smooth u, in place, around the steep voxels; width is counted in the grid's smallest spacing.

    Little smoothing under a wide, soft weight: a hard edge of the weight would tear the field anew.
    """
    sigmas = (width * grid.spacing.min() / grid.spacing)[::-1]
    reach = np.ceil(3 * 2 * sigmas).astype(int)
    box = tuple(
        slice(max(0, int(found.min()) - margin), int(found.max()) + margin + 1)
        for found, margin in zip(np.nonzero(steep), reach, strict=True)
    )
    part = displacement[box]
    share = _gaussian(steep[box].astype(np.float32), 2 * sigmas)
    weight = np.minimum(1, share / _peak(2 * sigmas))  # 1 even at a lone voxel
    part += weight[..., None] * (_gaussian(part, sigmas) - part)


def _gaussian(array: NDArray[np.float32], sigmas: NDArray[np.float64]) -> NDArray[np.float32]:
    for axis, sigma in enumerate(sigmas):
        array = apply_along(gaussian_matrix(array.shape[axis], float(sigma)), array, axis)
    return array


def _peak(sigmas: NDArray[np.float64]) -> float:
    """What a Gaussian leaves at a voxel that alone is 1."""
    return float(np.prod([gaussian_matrix(65, float(sigma))[32, 32] for sigma in sigmas]))
