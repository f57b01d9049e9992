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

_TRACER = {
    "width_mm": (166.5, 15.15),
    "height_mm": (194.9, 21.67),
    "filling": (0.8207, 0.0509),
    "mean": (0.3364, 0.1008),
    "edges": (0.02806, 0.01265),
    "share_0": (0.339, 0.1172),
    "share_1": (0.2708, 0.06782),
    "share_2": (0.2349, 0.06402),
    "share_3": (0.08624, 0.07093),
    "share_4": (0.05288, 0.1072),
    "share_5": (0.01509, 0.05),
}

FAMILIAR: dict[str, dict[str, tuple[float, float]]] = {
    "mr": {
        "width_mm": (175.9, 22.37),
        "height_mm": (209.7, 11.62),
        "filling": (0.826, 0.05),
        "mean": (0.4094, 0.06292),
        "edges": (0.07567, 0.01485),
        "share_0": (0.1619, 0.07204),
        "share_1": (0.3082, 0.1177),
        "share_2": (0.2816, 0.09338),
        "share_3": (0.1214, 0.05),
        "share_4": (0.07499, 0.05774),
        "share_5": (0.04147, 0.05),
    },
    "ct": {
        "width_mm": (167.2, 10),
        "height_mm": (203.3, 10),
        "filling": (0.8533, 0.05),
        "mean": (0.5597, 0.06433),
        "edges": (0.05795, 0.007892),
        "share_0": (0.04114, 0.05),
        "share_1": (0.2371, 0.1357),
        "share_2": (0.3323, 0.1076),
        "share_3": (0.1018, 0.09907),
        "share_4": (0.03372, 0.05),
        "share_5": (0.2507, 0.05),
    },
    "pet": _TRACER,
    "spect": _TRACER,
}
"""Mean and standard deviation of the statistics over the patients of the atlas."""


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
