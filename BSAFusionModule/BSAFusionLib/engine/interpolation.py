"""Separable resampling and smoothing of arrays, as small matrices applied along one axis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Kernel = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_REACH = 3.0  # a Gaussian is cut off at three standard deviations


def apply_along(matrix: NDArray[np.float32], array: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Multiply a matrix (out, in) into one axis of an array; the axis changes from in to out samples."""
    # One large product: many small ones, slice by slice, wait for each other where cores are busy.
    return np.ascontiguousarray(np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis))


def linear_matrix(size: int, positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Matrix (positions, size) that interpolates linearly at positions, in pixels, clamped to the ends."""
    return _sampling_matrix(size, positions, range(0, 2), lambda x: np.maximum(0, 1 - np.abs(x)))


def cubic_matrix(size: int, positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Matrix (positions, size) of cubic convolution (Keys 1981), positions in pixels, clamped to the ends."""
    return _sampling_matrix(size, positions, range(-1, 3), _keys)


def gaussian_matrix(size: int, sigma: float) -> NDArray[np.float32]:
    """Matrix (size, size) that smooths by sigma pixels; at the ends, weights are scaled to sum to 1."""
    if sigma == 0:
        return np.eye(size, dtype=np.float32)
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    weights = np.where(distance <= _REACH * sigma, np.exp(-0.5 * (distance / sigma) ** 2), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def mirrored_gaussian_matrix(size: int, sigma: float) -> NDArray[np.float32]:
    """The same for a signal that is mirrored at its ends, where its slope becomes zero."""
    if sigma == 0:
        return np.eye(size, dtype=np.float32)
    place = np.arange(size)
    straight, mirrored = np.subtract.outer(place, place), np.add.outer(place, place) + 1
    distances = (np.abs(straight), mirrored, 2 * size - mirrored)
    weights = sum(np.where(d <= _REACH * sigma, np.exp(-0.5 * (d / sigma) ** 2), 0) for d in distances)
    return np.asarray(weights / np.sum(weights, axis=1, keepdims=True), np.float32)


def antialias_sigma(step: float) -> float:
    """Standard deviation, in pixels, of the smoothing that precedes taking a sample every step pixels."""
    return 0.5 * float(np.sqrt(max(0.0, step**2 - 1)))


def _keys(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x**2 + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.asarray(np.where(x <= 1, near, np.where(x < 2, far, 0)))


def _sampling_matrix(
    size: int, positions: NDArray[np.float64], taps: range, kernel: Kernel
) -> NDArray[np.float32]:
    positions = np.clip(positions, 0, size - 1)
    matrix = np.zeros((len(positions), size))
    first = np.floor(positions).astype(int)
    for tap in taps:
        column = first + tap
        np.add.at(
            matrix, (np.arange(len(positions)), np.clip(column, 0, size - 1)), kernel(positions - column)
        )
    return matrix.astype(np.float32)
