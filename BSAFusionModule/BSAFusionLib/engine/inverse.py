"""The way back, from moving to fixed points: a displacement's inverse, found point by point and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .index_warp import IndexWarp, Points
from .volume import Grid

Matrix = NDArray[np.float64]

CONSISTENCY_MM = 0.1
"""What the largest inverse-consistency error may be."""

_SAMPLES = 20_000
_CHUNK = 1 << 16  # points whose arrays stay in the processor's cache
_MOST_VOXELS = 1 << 24
_TOLERANCE = 1e-3  # of a voxel


@dataclass(frozen=True, eq=False)
class InverseTransform:
    """The inverse of initial @ (x + u(x)): fixed point = p + v(p), where p = initial^-1 @ moving point.

    displacement: v, float32, (K, J, I, 3), mm, RAS components, on grid, which covers where u sends the fixed
    grid. initial: 4 x 4 float64, RAS mm; the inverse of the initial alignment, applied before v.
    mean_mm, max_mm: distance, in mm, between fixed points and where both transforms in turn bring them, over
    all voxel centres of the fixed grid and as many points between them, where both are linear as in ITK.
    """

    displacement: NDArray[np.float32]
    grid: Grid
    initial: Matrix
    mean_mm: float
    max_mm: float


def invert(displacement: NDArray[np.floating], grid: Grid, initial: Matrix) -> InverseTransform:
    """Invert the total transform x -> initial @ (x + u(x)); both in RAS mm, u on grid, (K, J, I, 3).

    u must be free of folds. The inverse gets a finer grid where that is needed to stay within 0.1 mm between
    the voxels, up to 16 million voxels: mean_mm and max_mm say what was reached.
    """
    warp = IndexWarp(displacement, grid)
    finer = np.ones(3, int)
    target = _covering(warp, grid, finer)
    field, error = _solved(warp, grid, target, None)
    while error[1] > CONSISTENCY_MM:
        finer[int(np.argmax(grid.spacing / finer))] *= 2
        denser = _covering(warp, grid, finer)
        if np.prod(denser.shape) > _MOST_VOXELS:
            break
        coarse, target = (IndexWarp(field, target), target), denser
        field, error = _solved(warp, grid, target, coarse)
    return InverseTransform(field, target, np.asarray(np.linalg.inv(initial)), *error)


def describe_inverse(inverse: InverseTransform) -> dict[str, Any]:
    """What a report says about it, under "inverse"."""
    reached = {"mean": inverse.mean_mm, "max": inverse.max_mm}
    return {
        "inverse": {
            "consistency_mm": reached,
            "wanted_mm": CONSISTENCY_MM,
            "reached": inverse.max_mm <= CONSISTENCY_MM,
            "voxels": list(inverse.grid.shape[::-1]),
            "spacing_mm": np.round(inverse.grid.spacing, 6).tolist(),
        }
    }


def round_trip(displacement: NDArray[np.floating], grid: Grid, seed: int = 0) -> dict[str, float]:
    """Send points of grid through x + u(x), find their origin from scratch, and compare; mean and max, mm.

    Large where u folds, because then a point has several origins. At most 20,000 voxel centres are tried.
    """
    warp = IndexWarp(displacement, grid)
    count = int(np.prod(grid.shape))
    drawn = np.random.default_rng(seed).choice(count, min(count, _SAMPLES), replace=False)
    start = np.stack(np.unravel_index(np.sort(drawn), grid.shape)[::-1]).astype(np.float32)
    found = warp.origin(start + warp(start), _TOLERANCE)
    error = _lengths(found - start, grid)
    return {"mean": float(error.mean()), "max": float(error.max())}


def _solved(
    warp: IndexWarp, grid: Grid, target: Grid, coarse: tuple[IndexWarp, Grid] | None
) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """v on target, mm, RAS components, and its mean and largest error; coarse: an earlier v to start from."""
    to_grid = np.linalg.inv(grid.ijk_to_ras) @ target.ijk_to_ras
    field = np.empty((*target.shape, 3), np.float32)
    flat, done = field.reshape(-1, 3), 0
    for index in _voxels(target):
        points = _moved(to_grid, index)
        start = None
        if coarse is not None:
            back, place = coarse
            to_place = np.linalg.inv(place.ijk_to_ras) @ target.ijk_to_ras
            to_index = np.linalg.inv(grid.ijk_to_ras) @ place.ijk_to_ras
            start = points + _turned(to_index, back(_moved(to_place, index)))
        step = warp.origin(points, _TOLERANCE, start) - points
        flat[done : done + step.shape[1]] = _turned(grid.ijk_to_ras, step).T
        done += step.shape[1]
    return field, _consistency(warp, grid, IndexWarp(field, target), target)


def _consistency(warp: IndexWarp, grid: Grid, back: IndexWarp, target: Grid) -> tuple[float, float]:
    """Mean and largest error, mm, of going there and back, at the voxels of grid and between them."""
    to_target = np.linalg.inv(target.ijk_to_ras) @ grid.ijk_to_ras
    random = np.random.default_rng(0)
    last = np.array(grid.shape[::-1], np.float32)[:, None] - 1
    total, count, largest = 0.0, 0, 0.0
    for index in _voxels(grid):
        between = np.minimum(index + random.random(index.shape, np.float32), last)
        for start in (index, between):
            out = warp(start)
            returned = _turned(to_target, out) + back(_moved(to_target, start + out))
            error = _lengths(returned, target)
            total, count, largest = (
                total + float(error.sum()),
                count + error.size,
                max(largest, float(error.max())),
            )
    return total / count, largest


def _covering(warp: IndexWarp, grid: Grid, finer: NDArray[np.int_]) -> Grid:
    """A grid along the same axes, `finer` times as dense, that holds grid and all points it is sent to."""
    low, high = np.zeros(3), np.array(grid.shape[::-1]) - 1.0
    for index in _voxels(grid):
        moved = index + warp(index)
        low, high = np.minimum(low, moved.min(axis=1)), np.maximum(high, moved.max(axis=1))
    first, last = np.floor(low + _TOLERANCE), np.ceil(high - _TOLERANCE)
    i, j, k = ((last - first) * finer + 1).astype(int).tolist()
    matrix = grid.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, :3] @ first
    matrix[:3, :3] /= finer
    return Grid((k, j, i), matrix)


def _voxels(grid: Grid) -> Iterator[Points]:
    """Index vectors (3, n) of all voxels in the order of memory, some at a time."""
    count = int(np.prod(grid.shape))
    for start in range(0, count, _CHUNK):
        flat = np.arange(start, min(start + _CHUNK, count))
        yield np.stack(np.unravel_index(flat, grid.shape)[::-1]).astype(np.float32)


def _moved(matrix: Matrix, points: Points) -> Points:
    return _turned(matrix, points) + matrix[:3, 3, None].astype(np.float32)


def _turned(matrix: Matrix, vectors: Points) -> Points:
    return np.asarray(matrix[:3, :3].astype(np.float32) @ vectors)


def _lengths(vectors: Points, grid: Grid) -> NDArray[np.float32]:
    """Lengths, mm, of vectors (3, n) counted in voxels of grid."""
    return np.asarray(np.linalg.norm(_turned(grid.ijk_to_ras, vectors), axis=0))
