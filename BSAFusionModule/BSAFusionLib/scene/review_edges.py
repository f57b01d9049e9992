"""Edges of a picture, as thin lines: Canny's detector (1986) on what the display window shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..engine.interpolation import gaussian_matrix

_SIGMA = 1.0  # samples
_WEAK = 0.4  # of the threshold: a weak edge counts where it goes on from a strong one
_GROWTH = 12  # samples that a weak edge goes on at most
_STRONGEST, _WEAKEST = 0.25, 0.015  # share of the window per sample at detail 0 and 1


def edges(picture: NDArray[np.float32], detail: float) -> NDArray[np.bool_]:
    """Find the edges of a picture, (rows, columns) in [0, 1]; detail from 0, only the strongest, to 1."""
    across, up = _gradient(_smooth(picture))
    strength = np.hypot(across, up)
    threshold = _STRONGEST * (_WEAKEST / _STRONGEST) ** detail
    weak = _thin(strength, across, up) & (strength > _WEAK * threshold)
    return _grown(weak & (strength > threshold), weak)


def _smooth(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve with a Gaussian; the edge rows and columns repeat beyond the border."""
    reach = 3
    kernel = gaussian_matrix(2 * reach + 1, _SIGMA)[reach]
    for axis in (0, 1):
        size = picture.shape[axis]
        padded = np.pad(picture, [(reach, reach) if n == axis else (0, 0) for n in (0, 1)], mode="edge")
        parts = (np.take(padded, range(n, n + size), axis) for n in range(2 * reach + 1))
        picture = sum(
            (weight * part for weight, part in zip(kernel, parts, strict=True)), np.zeros_like(picture)
        )
    return picture


def _gradient(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Central differences per sample, zero at the border: along columns, along rows."""
    across, up = np.zeros_like(picture), np.zeros_like(picture)
    across[:, 1:-1] = (picture[:, 2:] - picture[:, :-2]) / 2
    up[1:-1] = (picture[2:] - picture[:-2]) / 2
    return across, up


def _thin(
    strength: NDArray[np.float32], across: NDArray[np.float32], up: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Keep what is as strong as its neighbours across the edge, in the nearest of four directions."""
    steep = np.tan(np.pi / 8)
    level, upright = np.abs(up) <= steep * np.abs(across), np.abs(across) <= steep * np.abs(up)
    rising = ~(level | upright) & (across * up > 0)
    falling = ~(level | upright | rising)
    inner = strength[1:-1, 1:-1]
    keep = np.zeros(strength.shape, bool)
    for direction, (rows, columns) in (
        (level, (0, 1)),
        (upright, (1, 0)),
        (rising, (1, 1)),
        (falling, (1, -1)),
    ):
        ahead, behind = _shifted(strength, rows, columns), _shifted(strength, -rows, -columns)
        keep[1:-1, 1:-1] |= direction[1:-1, 1:-1] & (inner >= ahead) & (inner > behind)
    return keep


def _shifted(array: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """The inner part of an array as seen from a neighbour."""
    height, width = array.shape
    return array[1 + rows : height - 1 + rows, 1 + columns : width - 1 + columns]


def _grown(seed: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Let a mask grow into its neighbours where that is allowed."""
    for _ in range(_GROWTH):
        wide = seed.copy()
        wide[1:] |= seed[:-1]
        wide[:-1] |= seed[1:]
        wider = wide.copy()
        wider[:, 1:] |= wide[:, :-1]
        wider[:, :-1] |= wide[:, 1:]
        grown = wider & allowed
        if np.array_equal(grown, seed):
            break
        seed = grown
    return seed
