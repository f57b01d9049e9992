"""Measurements that say whether an alignment is right, each against what a wrong one would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .neighbourhood import FAR_MM, Neighbourhood

Floats = NDArray[np.float32]
Shift = NDArray[np.intp]

_BINS = 24
_RANDOM_SHIFTS = 30
_NEAR_MM = 15.0
_LEAST_POINTS = 200
_REGION_MM = 30.0
_AROUND = 3  # voxels
_LEAST_EDGES = 60  # points with an edge, in a region that can tell where it belongs
_LEAST_REGIONS = 4
_EDGE = 0.25  # of the steep edges near the body
_TINY = 1e-6


@dataclass(frozen=True)
class Gain:
    """How a fit where the volume lies compares with fits 15 to 45 mm away.

    information, edges: normalised mutual information and agreement of gradients on the common region, in
    standard deviations of 30 random shifts above their mean. overlap: part of the fixed body's points that
    have a partner.
    """

    information: float
    edges: float
    overlap: float


@dataclass(frozen=True)
class LocalFit:
    """Whether each region fits best where it lies.

    share: part of the regions whose best shift within 3 voxels is at most one and a half voxels; 0.15 is
    chance. distance_mm: mean length of the best shifts. regions: how many had enough edges to tell.
    within_mm: one and a half voxels.
    """

    share: float
    distance_mm: float
    regions: int
    within_mm: float


def gain(near: Neighbourhood) -> Gain:
    """Compare the fit with random shifts, drawn with a fixed seed; zeros where too little is common."""
    comparison = _Comparison(near)
    here = comparison.whole(np.zeros(3, np.intp))
    if here is None:
        return Gain(0.0, 0.0, comparison.overlap)
    away = [found for shift in _random_shifts(near) if (found := comparison.whole(shift)) is not None]
    if len(away) < _RANDOM_SHIFTS // 2:
        return Gain(0.0, 0.0, comparison.overlap)
    spread = np.std(away, axis=0) + _TINY
    information, edges = (np.array(here) - np.mean(away, axis=0)) / spread
    return Gain(float(information), float(edges), comparison.overlap)


def local_fit(near: Neighbourhood) -> LocalFit:
    """Shift every region of 30 mm on its own and see where it fits best, by intensities and edges."""
    comparison = _Comparison(near)
    shifts = list(_shifts_around(_AROUND))
    scores = comparison.regions(shifts)
    within = 1.5 * near.spacing
    if scores.shape[1] < _LEAST_REGIONS:
        return LocalFit(0.0, _AROUND * near.spacing, scores.shape[1], within)
    best = near.spacing * np.linalg.norm(shifts, axis=1)[scores.argmax(axis=0)]
    return LocalFit(float((best <= within).mean()), float(best.mean()), len(best), within)


def _random_shifts(near: Neighbourhood) -> Iterator[Shift]:
    random = np.random.default_rng(0)
    for _ in range(_RANDOM_SHIFTS):
        direction = random.normal(size=3)
        length = random.uniform(_NEAR_MM, FAR_MM) / near.spacing
        yield np.rint(direction * length / np.linalg.norm(direction)).astype(np.intp)


def _shifts_around(radius: int) -> Iterator[Shift]:
    for offset in np.ndindex(*[2 * radius + 1] * 3):
        shift = np.array(offset, np.intp) - radius
        if np.linalg.norm(shift) <= radius + 0.1:
            yield shift


class _Comparison:
    """The fixed volume's points against the moving volume at shifted places.

    Arrays on the moving grid are flat, so that a shift is one number added to the points' places.
    """

    def __init__(self, near: Neighbourhood) -> None:
        at = tuple(near.index.T)
        _, rows, columns = near.moving.values.shape
        self._steps = np.array([rows * columns, columns, 1])
        self._places = (near.index + near.reach) @ self._steps
        self._bins = binned(near.fixed.values[at])
        self._gradient = near.fixed.gradient[at]
        self._length = _length(self._gradient)
        self._other_bins = binned(near.moving.values).ravel()
        self._other_gradient = near.moving.gradient.reshape(-1, 3)
        self._other_length = _length(self._other_gradient)
        self._inside = near.inside.ravel()
        self._region = near.index // max(1, round(_REGION_MM / near.spacing))

    @property
    def overlap(self) -> float:
        """Part of the points that have a partner where the volume lies."""
        return float(self._inside[self._places].mean())

    def whole(self, shift: Shift) -> tuple[float, float] | None:
        """Mutual information and agreement of gradients of all points inside; None for too few."""
        places = self._places + int(shift @ self._steps)
        inside = self._inside[places]
        if np.count_nonzero(inside) < _LEAST_POINTS:
            return None
        places = places[inside]
        joint = joint_histogram(self._bins[inside], self._other_bins[places])
        agreement, weight = self._edges(self._gradient[inside], self._length[inside], places)
        return _normalized(joint), float(agreement.sum() / (weight.sum() + _TINY))

    def regions(self, shifts: list[Shift]) -> NDArray[np.float64]:
        """How well each region with edges fits under each shift, (shifts, regions).

        The sum of two standard scores: agreement of gradients, and what the intensities say about each other
        where the volume lies (pointwise mutual information).
        """
        inside = self._inside[self._places]
        edge = inside & (self._length > _EDGE)
        _, region = np.unique(self._region, axis=0, return_inverse=True)
        region, count = region.ravel(), int(region.max()) + 1
        common, seen, steep = self._places[inside], region[inside], region[edge]
        bins, places = self._bins[inside], self._places[edge]
        gradient, length = self._gradient[edge], self._length[edge]
        told = pointwise_information(joint_histogram(bins, self._other_bins[common]))
        information, edges = [], []
        for shift in shifts:
            step = int(shift @ self._steps)
            words = told.take(bins * _BINS + self._other_bins.take(common + step))
            agreement, _ = self._edges(gradient, length, places + step)
            information.append(np.bincount(seen, words, count))
            edges.append(np.bincount(steep, agreement, count))
        enough = np.bincount(steep, minlength=count) > _LEAST_EDGES
        return _standard(np.array(information)[:, enough]) + _standard(np.array(edges)[:, enough])

    def _edges(self, gradient: Floats, length: Floats, places: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Squared cosine between gradients times the shorter of both, and the shorter."""
        other = self._other_length.take(places)
        product = np.einsum("ij,ij->i", gradient, self._other_gradient.take(places, axis=0))
        shorter = np.minimum(length, other)
        return (product / (length * other)) ** 2 * shorter, shorter


def binned(values: Floats) -> NDArray[np.intp]:
    """Sort values in [0, 1] into 24 bins."""
    return np.minimum((values * _BINS).astype(np.intp), _BINS - 1)


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)) + np.float32(_TINY))


def joint_histogram(first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of every pair of bins, (24, 24)."""
    counts = np.bincount(first * _BINS + second, minlength=_BINS**2)
    return np.asarray(counts.reshape(_BINS, _BINS) / max(1, first.size))


def _normalized(joint: NDArray[np.float64]) -> float:
    """(H(x) + H(y)) / H(x, y) (Studholme 1999)."""
    both = _entropy(joint)
    return (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / both if both > 0 else 1.0


def _entropy(shares: NDArray[np.float64]) -> float:
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))


def pointwise_information(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """log p(x, y) / (p(x) p(y))."""
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return np.asarray(np.log((joint + _TINY) / (apart + _TINY)))


def _standard(scores: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray((scores - scores.mean(axis=0)) / (scores.std(axis=0) + _TINY))
