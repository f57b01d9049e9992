"""How far an input is from what the network has learnt from, by simple statistics of its slices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Stack = NDArray[np.float32]

_BODY = 0.05  # of the range; below it lies air
_BINS = 6
_LEAST_PIXELS = 200
_FAR = 20.0

NAMES = (
    "width_mm",
    "height_mm",
    "filling",
    "mean",
    "edges",
    *(f"share_{n}" for n in range(_BINS)),
)


def statistics(slices: Stack, pixel_mm: float) -> NDArray[np.float64] | None:
    """Describe a stack, (N, H, W) in [0, 1], in square pixels, by the medians over its richer half.

    Returns numbers in the order of NAMES: size of what is not black, mm; the part of its box that it fills;
    mean and edge strength (per mm) inside; histogram inside. None where nearly everything is black.
    """
    shown = slices > _BODY
    area = shown.sum(axis=(1, 2))
    rich = np.flatnonzero((area >= np.median(area)) & (area > _LEAST_PIXELS))
    if rich.size == 0:
        return None
    return np.median([_describe(slices[n], shown[n], pixel_mm) for n in rich], axis=0)


def distance(values: NDArray[np.float64], known: Mapping[str, tuple[float, float]]) -> float:
    """Root mean square of the standard scores of statistics against known (mean, standard deviation)s."""
    mean, spread = np.array([known[name] for name in NAMES]).T
    return float(min(_FAR, np.sqrt(np.mean(((values - mean) / spread) ** 2))))


def _describe(picture: NDArray[np.float32], shown: NDArray[np.bool_], pixel_mm: float) -> list[float]:
    height, width = (_extent(shown.sum(axis=axis)) for axis in (1, 0))
    inside = picture[shown]
    down, right = np.gradient(picture)
    edges = float(np.hypot(down, right)[shown].mean()) / pixel_mm
    histogram = np.histogram(inside, _BINS, (_BODY, 1.0))[0] / inside.size
    filling = inside.size / max(1.0, height * width)
    return [width * pixel_mm, height * pixel_mm, filling, float(inside.mean()), edges, *histogram.tolist()]


def _extent(profile: NDArray[np.intp]) -> float:
    """Length that holds all but 2 % of a profile, so that a lone bright pixel does not count."""
    share = np.cumsum(profile) / max(1, profile.sum())
    return float(np.searchsorted(share, 0.99) - np.searchsorted(share, 0.01) + 1)
