"""Whether a displacement is justified: by intensities, which it was not made to fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .evidence import binned, joint_histogram, pointwise_information
from .interpolation import apply_along, gaussian_matrix
from .quality import normalized_mutual_information

Array = NDArray[np.float32]

_REGION_MM = 24.0
_LEAST_POINTS = 100  # of a region, or
_LEAST_PART = 0.4  # of it where it has few voxels
_LEAST_REGIONS = 8
_TINY = 1e-6


@dataclass(frozen=True)
class Bounds:
    """Between which gains and scores what is kept of a displacement rises from nothing to all of it."""

    gains: tuple[float, float]
    scores: tuple[float, float]


# Templates bent by 4 to 8 mm gain 0.19 and more at scores of 6.8 and more, aligned brains below 0.1, or 0.17
# by the network.
AS_A_WHOLE = Bounds((0.15, 0.25), (5.0, 9.0))
# Atlas brains deformed by 4 mm in their slices gain 0.02 and more at scores that are mostly above 4, aligned
# ones below 0.01.
IN_SLICES = Bounds((0.003, 0.012), (1.0, 3.0))


@dataclass(frozen=True)
class Evidence:
    """How much better two volumes explain each other after one of them was bent.

    gain: by which part of itself their mutual information (normalised, less 1) rises. score: mean rise, over
    regions of 24 mm, of what the intensities say about each other, in standard errors.
    """

    gain: float
    score: float

    def share(self, bounds: Bounds) -> float:
        """How much of the bending is justified, 0 to 1."""
        pairs = ((self.gain, bounds.gains), (self.score, bounds.scores))
        return float(np.clip(min((value - low) / (high - low) for value, (low, high) in pairs), 0, 1))

    def described(self, share: float, length: NDArray[np.floating]) -> dict[str, float]:
        """What a report says of a displacement of which a share was kept; length: of what is kept, mm."""
        return {
            "share": share,
            "mean_mm": float(length.mean(dtype=np.float64)),
            "max_mm": float(length.max()),
            "information_gain": self.gain,
            "information_score": self.score,
        }


@dataclass(frozen=True, eq=False)
class Rise:
    """What the intensities say more about each other than before, in cubes of 24 mm.

    total: sum over the points of each cube, (k, j, i). points: how many they are. least: how many it takes.
    """

    total: NDArray[np.float64]
    points: NDArray[np.intp]
    least: float

    @property
    def means(self) -> NDArray[np.float64]:
        """Of the cubes with enough points, (n,)."""
        seen = self.points >= self.least
        return np.asarray(self.total[seen] / self.points[seen])

    def around(self) -> Array:
        """Mean rise around every cube, in standard errors, (k, j, i); 0 where too few cubes can tell."""
        if self.means.size < _LEAST_REGIONS:
            return np.zeros(self.total.shape, np.float32)
        total = self.total.astype(np.float32)
        square = ((self.points * self.means.std()) ** 2).astype(np.float32)
        for axis, count in enumerate(total.shape):
            smooth = gaussian_matrix(count, 1.0)
            total, square = apply_along(smooth, total, axis), apply_along(smooth**2, square, axis)
        return np.asarray(total / np.sqrt(square + np.float32(_TINY)))


def weigh(
    fixed: Array, before: Array, after: Array, common: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> tuple[Evidence, Rise]:
    """Compare a fixed volume with a moving one before and after it was bent; (K, J, I), values in [0, 1].

    common: where all three can be compared. spacing: along k, j, i, mm. Evidence is 0 for fewer than 8 cubes.
    """
    steps = cube_steps(spacing)
    cubes = tuple(-(-n // step) for n, step in zip(fixed.shape, steps, strict=True))
    places = [n // step for n, step in zip(np.nonzero(common), steps, strict=True)]
    region = np.ravel_multi_index(places, cubes)
    still, first, second = fixed[common], before[common], after[common]
    rows, *columns = (binned(values) for values in (still, first, second))
    told = pointwise_information(joint_histogram(np.tile(rows, 2), np.concatenate(columns)))
    points = np.bincount(region, minlength=np.prod(cubes))
    total = np.bincount(region, told[rows, columns[1]] - told[rows, columns[0]], points.size)
    least = min(_LEAST_POINTS, _LEAST_PART * np.prod(steps))
    rise = Rise(total.reshape(cubes), points.reshape(cubes), least)
    means = rise.means
    if means.size < _LEAST_REGIONS:
        return Evidence(0.0, 0.0), rise
    score = means.mean() / (means.std() / np.sqrt(means.size) + _TINY)
    was, now = (normalized_mutual_information(still, values) - 1 for values in (first, second))
    return Evidence(now / max(was, _TINY) - 1, float(score)), rise


def cube_steps(spacing: NDArray[np.float64]) -> tuple[int, ...]:
    """Voxels along each side of a cube of 24 mm."""
    return tuple(max(1, round(_REGION_MM / step)) for step in spacing)
