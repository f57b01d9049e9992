"""Numbers before and after: similarity, displacement and smoothness. Similarity is not accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTE = (
    "Similarity is not accuracy: these numbers compare brightness, not anatomy. "
    "Judge the alignment by landmarks or by eye before using it."
)
_BINS = 32
_LEAST_COMMON = 100  # voxels; fewer give no statistics
_CONSTANT = 1e-12  # variance

Stack = NDArray[np.float32]
Mask = NDArray[np.bool_]


def normalized_mutual_information(x: Stack, y: Stack) -> float:
    """(H(x) + H(y)) / H(x, y) of values in [0, 1], any shape (Studholme 1999): 1 independent, 2 equal."""
    return _information(_joint(x, y))


def similarity(fixed: Stack, moving: Stack, common: Mask) -> dict[str, Any]:
    """Compare two stacks (N, H, W), values in [0, 1], where common (N, H, W) is True.

    Returns ncc and nmi over everything and, as lists, per slice; None where too little is in common
    or one of them shows nothing.
    """
    parts = [_Sums.of(x[where], y[where]) for x, y, where in zip(fixed, moving, common, strict=True)]
    slices = [part.compared() for part in parts]
    overall = sum(parts[1:], parts[0]).compared()  # of the slices: values are sorted only once
    return {
        "ncc": overall[0],
        "nmi": overall[1],
        "ncc_per_slice": [pair[0] for pair in slices],
        "nmi_per_slice": [pair[1] for pair in slices],
    }


def displacement_statistics(displacement: NDArray[np.float32]) -> dict[str, float]:
    """Mean, 95th percentile and maximum length, mm, of a displacement (K, J, I, 3)."""
    length = _length(displacement)
    return {
        "mean": float(length.mean(dtype=np.float64)),
        "p95": float(np.percentile(length, 95)),
        "max": float(length.max()),
    }


def field_per_slice(displacement: NDArray[np.float32], determinant: NDArray[np.float32]) -> dict[str, Any]:
    """What a displacement does in every slice, as lists; (N, H, W, 3), mm, and its Jacobian, (N, H, W)."""
    lengths = [_length(slice_) for slice_ in displacement]
    return {
        "displacement_mean_mm": [float(length.mean(dtype=np.float64)) for length in lengths],
        "displacement_max_mm": [float(length.max()) for length in lengths],
        "jacobian_smallest": [float(slice_.min()) for slice_ in determinant],
        "jacobian_largest": [float(slice_.max()) for slice_ in determinant],
    }


def roughness(displacement: NDArray[np.float32], spacing: NDArray[np.float64]) -> float:
    """How fast a displacement (K, J, I, 3), mm, changes: root mean square of the norm of its gradient.

    spacing: of the grid along i, j, k, mm. 0 for a shift; 0.1 stretches by about 10 % somewhere.
    """
    total = 0.0
    for component in np.moveaxis(displacement, -1, 0):
        for axis, step in enumerate(spacing[::-1]):
            total += float(np.mean(np.gradient(component, float(step), axis=axis) ** 2, dtype=np.float64))
    return float(np.sqrt(total))


def slice_jumps(displacement: NDArray[np.float32]) -> dict[str, Any]:
    """How far neighbouring slices disagree, mm, for a displacement cut into slices, (N, H, W, 3).

    Returns the mean and the largest of the mean jumps, and the mean jump behind every slice but the last.
    """
    pairs = zip(displacement[1:], displacement[:-1], strict=True)
    jumps = [float(_length(after - before).mean(dtype=np.float64)) for after, before in pairs]
    return {"mean": float(np.mean(jumps)), "max": max(jumps), "per_slice": jumps}


@dataclass(frozen=True, eq=False)
class _Sums:
    """What two sets of values in [0, 1] have in common; that of a whole is the sum of its parts'.

    joint: counts of every pair of bins, (32, 32). moments: sums of 1, x, y, xx, yy, xy.
    """

    joint: NDArray[np.intp]
    moments: NDArray[np.float64]

    @classmethod
    def of(cls, x: Stack, y: Stack) -> _Sums:
        a, b = x.astype(np.float64), y.astype(np.float64)
        return cls(_joint(x, y), np.array([a.size, a.sum(), b.sum(), a @ a, b @ b, a @ b]))

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(self.joint + other.joint, self.moments + other.moments)

    def compared(self) -> tuple[float | None, float | None]:
        """Correlation and mutual information; None for too few values and where one set is constant."""
        count, *sums = self.moments
        if count < _LEAST_COMMON:
            return None, None
        x, y, xx, yy, xy = np.array(sums) / count
        spread_x, spread_y = xx - x**2, yy - y**2
        if min(spread_x, spread_y) < _CONSTANT:
            return None, None
        return float((xy - x * y) / np.sqrt(spread_x * spread_y)), _information(self.joint)


def _joint(x: Stack, y: Stack) -> NDArray[np.intp]:
    index = np.minimum((x * _BINS).astype(np.intp), _BINS - 1) * _BINS
    index += np.minimum((y * _BINS).astype(np.intp), _BINS - 1)
    return np.bincount(index.ravel(), minlength=_BINS**2).reshape(_BINS, _BINS)


def _information(joint: NDArray[np.intp]) -> float:
    shares = joint / joint.sum()
    together = _entropy(shares)
    return (_entropy(shares.sum(axis=0)) + _entropy(shares.sum(axis=1))) / together if together > 0 else 2.0


def _length(displacement: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.einsum("...c,...c->...", displacement, displacement)))


def _entropy(shares: NDArray[np.float64]) -> float:
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))
