"""A displacement as a map of index vectors, and the way back along it."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .volume import Grid

Points = NDArray[np.float32]

_PLAIN_STEPS = 5
_MOST_STEPS = 60
_HALVINGS = 8
_FLAT = 1e-3


class IndexWarp:
    """x -> x + u(x) in (i, j, k) of a grid: linear between voxels, as ITK has it, constant beyond them.

    displacement: u on grid, (K, J, I, 3), mm, RAS components. Points are (3, n), float32, rows i, j, k: exact
    to 1e-4 voxels, and three times as fast as (n, 3) in double precision.
    """

    def __init__(self, displacement: NDArray[np.floating], grid: Grid) -> None:
        to_index = np.linalg.inv(grid.ijk_to_ras[:3, :3]).astype(displacement.dtype)
        self._values = np.ascontiguousarray(to_index @ displacement.reshape(-1, 3).T, np.float32)
        self._size = np.array(grid.shape[::-1])[:, None]
        columns, rows, _ = grid.shape[::-1]
        self._strides = np.array([1, columns, columns * rows])

    def __call__(self, points: Points) -> Points:
        """The displacement at points, counted in voxels along i, j, k; (3, n)."""
        corners, share = self._corners(points)
        for weight in share:
            half = len(corners) // 2
            corners = [_mix(a, b, weight) for a, b in zip(corners[:half], corners[half:], strict=True)]
        return corners[0]

    def origin(self, targets: Points, tolerance: float, start: Points | None = None) -> Points:
        """Where x + u(x) meets targets, to within tolerance, counted in voxels; (3, n).

        Fixed-point steps first; where these are slow, Newton's; every step is shortened until it helps.
        """
        found = targets - self(targets) if start is None else start.copy()
        rest = found + self(found) - targets
        for number in range(_MOST_STEPS):
            far = np.flatnonzero(np.abs(rest).max(axis=0) > tolerance)
            if not far.size:
                break
            at, left = found[:, far], rest[:, far]
            step = left if number < _PLAIN_STEPS else self._newton_step(at, left)
            found[:, far], rest[:, far] = self._descend(at, left, step, targets[:, far])
        return found

    def _descend(self, at: Points, rest: Points, step: Points, targets: Points) -> tuple[Points, Points]:
        """Go along step, or along a half, a quarter and so on of it where that leaves less of the rest."""
        length = _squares(rest)
        reached = at - step
        left = reached + self(reached) - targets
        for halving in range(1, _HALVINGS + 1):
            worse = np.flatnonzero(_squares(left) >= length)
            if not worse.size:
                break
            reached[:, worse] = at[:, worse] - np.float32(0.5**halving) * step[:, worse]
            left[:, worse] = reached[:, worse] + self(reached[:, worse]) - targets[:, worse]
        return reached, left

    def _newton_step(self, at: Points, rest: Points) -> Points:
        """Solve (1 + du/dx) step = rest with the slopes of the voxel cell that at lies in."""
        corners, share = self._corners(at)
        inside = (at >= 0) & (at <= self._size - 1)
        matrix = np.empty((at.shape[1], 3, 3))
        for axis in range(3):
            slope = np.zeros_like(at)
            for corner, bits in zip(corners, product((0, 1), repeat=3), strict=True):
                weights = [share[n] if bits[n] else 1 - share[n] for n in range(3) if n != axis]
                slope += (1 if bits[axis] else -1) * weights[0] * weights[1] * corner
            matrix[:, :, axis] = (slope * inside[axis]).T
        matrix += np.eye(3)
        matrix[np.abs(np.linalg.det(matrix)) < _FLAT] = np.eye(3)
        return np.asarray(np.linalg.solve(matrix, rest.T[..., None])[..., 0].T, np.float32)

    def _corners(self, points: Points) -> tuple[list[Points], Points]:
        """u at the corners of every point's cell, (0, 0, 0) to (1, 1, 1), and the point's place in it."""
        inside = np.clip(points, 0, (self._size - 1).astype(np.float32))
        corner = np.minimum(inside.astype(np.intp), self._size - 2)
        first = self._strides @ corner
        return [
            self._values.take(first + int(np.dot(bits, self._strides)), axis=1)
            for bits in product((0, 1), repeat=3)
        ], inside - corner.astype(np.float32)


def _mix(low: Points, high: Points, share: Points) -> Points:
    """Linear interpolation, in place in high: new arrays cost twice the time."""
    high -= low
    high *= share
    high += low
    return high


def _squares(vectors: Points) -> NDArray[np.float32]:
    return np.asarray(np.einsum("cn,cn->n", vectors, vectors))
