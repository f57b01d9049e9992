"""Whether bending a volume is justified: by intensities, which the search does not look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .evidence import binned, joint_histogram, pointwise_information
from .quality import normalized_mutual_information

Array = NDArray[np.float32]

_REGION_MM = 24.0
_LEAST_POINTS = 100  # of a region
_LEAST_REGIONS = 8
_GAINS = (
    0.25,
    0.4,
)  # bent brains gain 0.41 and more at scores of 9.8 and more, aligned ones mostly below 0.1
_SCORES = (5.0, 9.0)
_TINY = 1e-6


@dataclass(frozen=True)
class Evidence:
    """How much better two volumes explain each other after one of them was bent.

    gain: by which part of itself their mutual information (normalised, less 1) rises. score: mean rise, over
    regions of 24 mm, of what the intensities say about each other, in standard errors.
    """

    gain: float
    score: float

    @property
    def share(self) -> float:
        """How much of the bending is justified, 0 to 1."""
        pairs = ((self.gain, _GAINS), (self.score, _SCORES))
        return float(np.clip(min((value - low) / (high - low) for value, (low, high) in pairs), 0, 1))


def weigh(
    fixed: Array, before: Array, after: Array, common: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> Evidence:
    """Compare a fixed volume with a moving one before and after it was bent; (K, J, I), values in [0, 1].

    common: where all three can be compared. spacing: along k, j, i, mm.
    """
    region = _regions(fixed.shape, spacing)[common]
    size = np.bincount(region)
    seen = size >= _LEAST_POINTS
    if np.count_nonzero(seen) < _LEAST_REGIONS:
        return Evidence(0.0, 0.0)
    still, first, second = fixed[common], before[common], after[common]
    rows, *columns = (binned(values) for values in (still, first, second))
    told = pointwise_information(joint_histogram(np.tile(rows, 2), np.concatenate(columns)))
    rise = np.bincount(region, told[rows, columns[1]] - told[rows, columns[0]])[seen] / size[seen]
    score = rise.mean() / (rise.std() / np.sqrt(rise.size) + _TINY)
    was, now = (normalized_mutual_information(still, values) - 1 for values in (first, second))
    return Evidence(now / max(was, _TINY) - 1, float(score))


def _regions(shape: tuple[int, ...], spacing: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number of the cube of 24 mm that each voxel lies in, (K, J, I)."""
    k, j, i = (
        np.arange(n) // max(1, round(_REGION_MM / step)) for n, step in zip(shape, spacing, strict=True)
    )
    return np.asarray((k[:, None, None] * (j[-1] + 1) + j[:, None]) * (i[-1] + 1) + i)
