"""Upright slices of a volume, and the square pixels in which the network sees them.

A stack is (N, H, W): N slices along the chosen index axis, rows pointing down, columns pointing right on
a screen. Slices are turned as a radiologist looks at them (axial: patient's left on the right, front up;
coronal: left on the right, head up; sagittal: front on the left, head up): the network has learnt upright
pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interpolation import antialias_sigma, apply_along, cubic_matrix, gaussian_matrix, linear_matrix
from .volume import Grid

AXIS_INDEX = {"i": 0, "j": 1, "k": 2}
PLANE_NORMAL = {"sagittal": 0, "coronal": 1, "axial": 2}
SMALLEST_SIDE = 32
_SPACING_TIE = 1e-3
# Anatomical axis (0 R, 1 A, 2 S) and sign in which rows go down and columns go right, by the slices' normal.
_DOWN_AND_RIGHT = {0: ((2, -1), (1, -1)), 1: ((2, -1), (0, -1)), 2: ((1, -1), (0, -1))}


def choose_axis(grid: Grid, axis: str = "auto") -> int:
    """Return the index axis, 0 (i), 1 (j) or 2 (k), along which slices are cut.

    axis: auto (largest spacing; the last one of equals), axial, coronal, sagittal (the index axis nearest to
    S, A, R), or i, j, k.
    """
    if axis in AXIS_INDEX:
        return AXIS_INDEX[axis]
    if axis in PLANE_NORMAL:
        return _axis_order(grid)[PLANE_NORMAL[axis]]
    spacing = grid.spacing
    return int(np.flatnonzero(spacing >= spacing.max() * (1 - _SPACING_TIE))[-1])


@dataclass(frozen=True, eq=False)
class SliceFrame:
    """How a grid is cut into upright slices.

    grid: the grid that is cut.
    axes: index axes (0 i, 1 j, 2 k) along which slices, rows and columns follow each other.
    flips: whether rows and columns run against their index axes.
    """

    grid: Grid
    axes: tuple[int, int, int]
    flips: tuple[bool, bool]

    @classmethod
    def along(cls, grid: Grid, axis: int) -> SliceFrame:
        """Cut grid along the index axis 0 (i), 1 (j) or 2 (k)."""
        order = _axis_order(grid)
        (down, down_sign), (right, right_sign) = _DOWN_AND_RIGHT[order.index(axis)]
        row, column = order[down], order[right]
        flips = (grid.direction[down, row] * down_sign < 0, grid.direction[right, column] * right_sign < 0)
        return cls(grid, (axis, row, column), (bool(flips[0]), bool(flips[1])))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Counts (N, H, W) of slices, rows and columns."""
        n, height, width = (self.grid.shape[2 - axis] for axis in self.axes)
        return n, height, width

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between slices, rows and columns, mm."""
        n, row, column = (float(self.grid.spacing[axis]) for axis in self.axes)
        return n, row, column

    @property
    def down(self) -> NDArray[np.float64]:
        """Unit vector, RAS, from one row to the next."""
        return np.asarray(self.grid.direction[:, self.axes[1]] * (-1 if self.flips[0] else 1))

    @property
    def right(self) -> NDArray[np.float64]:
        """Unit vector, RAS, from one column to the next."""
        return np.asarray(self.grid.direction[:, self.axes[2]] * (-1 if self.flips[1] else 1))

    def cut(self, array: NDArray[Any]) -> NDArray[Any]:
        """View of a (K, J, I, ...) array as (N, H, W, ...)."""
        stack = np.moveaxis(array, [2 - axis for axis in self.axes], [0, 1, 2])
        return self._flipped(stack)

    def put_back(self, stack: NDArray[Any]) -> NDArray[Any]:
        """View of an (N, H, W, ...) array as (K, J, I, ...)."""
        return np.moveaxis(self._flipped(stack), [0, 1, 2], [2 - axis for axis in self.axes])

    def stack_to_ras(self) -> NDArray[np.float64]:
        """4 x 4 from (column, row, slice, 1) to RAS mm."""
        shape = self.grid.shape[::-1]
        turn = np.zeros((4, 4))
        turn[3, 3] = 1
        for source, axis, flip in zip((2, 1, 0), self.axes, (False, *self.flips), strict=True):
            turn[axis, source] = -1 if flip else 1
            turn[axis, 3] = shape[axis] - 1 if flip else 0
        return np.asarray(self.grid.ijk_to_ras @ turn)

    def _flipped(self, stack: NDArray[Any]) -> NDArray[Any]:
        return stack[:, :: -1 if self.flips[0] else 1, :: -1 if self.flips[1] else 1]


@dataclass(frozen=True, eq=False)
class SquarePixels:
    """The same slices in square pixels around the same centre, at least 32 x 32.

    frame: the slices as they are.
    pixel: side of a square pixel, mm.
    shape: (H, W) in square pixels.
    """

    frame: SliceFrame
    pixel: float
    shape: tuple[int, int]

    @classmethod
    def of(cls, frame: SliceFrame, pixel: float) -> SquarePixels:
        """Cover the slices of frame with square pixels of side pixel, mm."""
        height, width = (
            max(SMALLEST_SIDE, round(count * step / pixel))
            for count, step in zip(frame.shape[1:], frame.spacing[1:], strict=True)
        )
        return cls(frame, pixel, (height, width))

    @property
    def grid(self) -> Grid:
        """The square pixels' own grid: shape (N, H, W), from (column, row, slice, 1) to RAS mm."""
        start, step = np.zeros(3), np.ones(3)
        for side in (0, 1):
            step[1 - side] = self._step(side)
            start[1 - side] = self._native_positions(side)[0]
        scale = np.diag([*step, 1.0])
        scale[:3, 3] = start
        return Grid((self.frame.shape[0], *self.shape), self.frame.stack_to_ras() @ scale)

    def shrink(self, stack: NDArray[np.float32]) -> NDArray[np.float32]:
        """Resample a stack (N, H, W) of the frame to square pixels; smoothed first where they are larger."""
        for side in (0, 1):
            count = self.frame.shape[1 + side]
            smooth = gaussian_matrix(count, antialias_sigma(self._step(side)))
            sample = linear_matrix(count, self._native_positions(side))
            stack = apply_along(sample @ smooth, stack, 1 + side)
        return stack

    def expand(self, stack: NDArray[np.float32]) -> NDArray[np.float32]:
        """Resample a smooth stack (N, H, W) of square pixels to the frame's pixels, by cubic convolution."""
        for side in (0, 1):
            native = np.arange(self.frame.shape[1 + side])
            positions = (native - self._native_positions(side)[0]) / self._step(side)
            stack = apply_along(cubic_matrix(self.shape[side], positions), stack, 1 + side)
        return stack

    def _step(self, side: int) -> float:
        """Frame pixels per square pixel, along rows' order (0) or columns' order (1)."""
        return self.pixel / self.frame.spacing[1 + side]

    def _native_positions(self, side: int) -> NDArray[np.float64]:
        """Where the square pixels' centres lie, counted in the frame's pixels."""
        from_center = np.arange(self.shape[side]) - (self.shape[side] - 1) / 2
        return np.asarray((self.frame.shape[1 + side] - 1) / 2 + from_center * self._step(side))


def _axis_order(grid: Grid) -> tuple[int, ...]:
    """Index axes nearest to R, A and S, each taken once."""
    closeness = np.abs(grid.direction)
    return max(permutations(range(3)), key=lambda order: sum(closeness[[0, 1, 2], list(order)]))
