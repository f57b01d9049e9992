"""Numbers before and after: similarity, displacement and smoothness. Similarity is not accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .metrics import ncc

NOTE = (
    "Similarity is not accuracy: these numbers compare brightness, not anatomy. "
    "Judge the alignment by landmarks or by eye before using it."
)
_BINS = 32
_LEAST_COMMON = 100  # voxels; fewer give no statistics

Stack = NDArray[np.float32]
Mask = NDArray[np.bool_]


def normalized_mutual_information(x: Stack, y: Stack) -> float:
    """(H(x) + H(y)) / H(x, y) of values in [0, 1], any shape (Studholme 1999): 1 independent, 2 equal."""
    index = np.minimum((x * _BINS).astype(np.intp), _BINS - 1) * _BINS
    index += np.minimum((y * _BINS).astype(np.intp), _BINS - 1)
    joint = np.bincount(index.ravel(), minlength=_BINS**2).reshape(_BINS, _BINS) / index.size
    together = _entropy(joint)
    return (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / together if together > 0 else 2.0


def similarity(fixed: Stack, moving: Stack, common: Mask) -> dict[str, Any]:
    """Compare two stacks (N, H, W), values in [0, 1], where common (N, H, W) is True.

    Returns ncc and nmi over everything and, as lists, per slice; None where too little is in common
    or one of them shows nothing.
    """
    slices = [_compare(*pair) for pair in zip(fixed, moving, common, strict=True)]
    overall = _compare(fixed, moving, common)
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


def _compare(fixed: Stack, moving: Stack, common: Mask) -> tuple[float | None, float | None]:
    if np.count_nonzero(common) < _LEAST_COMMON:
        return None, None
    x, y = fixed[common], moving[common]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return None, None
    return ncc(x, y), normalized_mutual_information(x, y)


def _length(displacement: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.einsum("...c,...c->...", displacement, displacement)))


def _entropy(shares: NDArray[np.float64]) -> float:
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))
