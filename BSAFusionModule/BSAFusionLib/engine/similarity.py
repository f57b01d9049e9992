"""How well two volumes explain each other under a linear transform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .body import Level

_BINS = 24
_LEAST_POINTS = 100


class Similarity:
    """Normalised mutual information (Studholme 1999) of points in one volume and their images in another.

    Called with a 4 x 4 transform, RAS mm, from points of sampled to points of other; larger is better, 0 is
    none. It is multiplied by the part of the points that lie inside the other volume: without that, limbs
    slide along themselves until little is left to compare. The points are drawn once, with a fixed seed, so
    that the same transform gives the same number.
    """

    def __init__(self, sampled: Level, other: Level, count: int, seed: int = 0) -> None:
        index = np.argwhere(sampled.near)
        if len(index) > count:
            index = index[np.sort(np.random.default_rng(seed).choice(len(index), count, replace=False))]
        points = index[:, ::-1] @ sampled.ijk_to_ras[:3, :3].T + sampled.ijk_to_ras[:3, 3]
        self.center: NDArray[np.float64] = points.mean(axis=0)
        self.radius_mm = float(np.sqrt(((points - self.center) ** 2).sum(axis=1).mean()))
        self._points = (points - self.center).T.astype(np.float32)  # twice as fast, and exact to 1e-4 mm
        self._bins = np.minimum((sampled.values[tuple(index.T)] * _BINS).astype(np.intp), _BINS - 1)
        self._ras_to_ijk = np.linalg.inv(other.ijk_to_ras)
        self._values = (other.values * (_BINS - 1)).ravel()
        self._size = np.array(other.values.shape[::-1])

    def __call__(self, matrix: NDArray[np.float64]) -> float:
        """Similarity under matrix."""
        values, inside = self._pull(matrix)
        if values.size < _LEAST_POINTS:
            return 0.0
        joint = _joint_histogram(self._bins[inside], values)
        both = _entropy(joint.ravel())
        gain = (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / both - 1 if both > 0 else 0.0
        return gain * values.size / self._bins.size

    def overlap(self, matrix: NDArray[np.float64]) -> float:
        """Part of the points that lie inside the other volume under matrix, 0 to 1."""
        return float(self._pull(matrix)[1].mean())

    def _pull(self, matrix: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Interpolate the other volume at the points inside it, in bins; and tell which those are."""
        total = self._ras_to_ijk @ matrix
        middle = total[:3, :3] @ self.center + total[:3, 3]
        index = total[:3, :3].astype(np.float32) @ self._points + middle[:, None].astype(np.float32)
        last = (self._size - 1).astype(np.float32)[:, None]
        inside = np.logical_and.reduce((index > -0.5) & (index < last + 0.5))
        index = np.minimum(np.maximum(index[:, inside], 0), last)
        corner = np.floor(np.minimum(index, last - 1))
        x, y, z = index - corner
        columns, rows, _ = self._size
        i, j, k = corner.astype(np.intp)
        at = i + columns * (j + rows * k)
        source, plane = self._values, columns * rows
        edges = []
        for first in (at, at + columns, at + plane, at + plane + columns):
            low = source[first]
            edges.append(low + x * (source[first + 1] - low))
        near = edges[0] + y * (edges[1] - edges[0])
        far = edges[2] + y * (edges[3] - edges[2])
        return near + z * (far - near), inside


def _joint_histogram(bins: NDArray[np.intp], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Histogram, (bins, bins); each value is shared by two bins of the second axis, which keeps it smooth."""
    low = np.minimum(values.astype(np.intp), _BINS - 2)
    share = values - low
    cell = bins * _BINS + low
    counts = np.bincount(cell, 1 - share, _BINS**2) + np.bincount(cell + 1, share, _BINS**2)
    return (counts / values.size).reshape(_BINS, _BINS)


def _entropy(probabilities: NDArray[np.float64]) -> float:
    p = probabilities[probabilities > 0]
    return float(-(p * np.log(p)).sum())
