"""The linear transform that brings the moving volume to the fixed one."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .alignment_search import AlignmentSearch, Found
from .config import INITIAL_ALIGNMENTS
from .errors import InputError
from .result import Cancel, Progress
from .start import BEGIN_ELSEWHERE
from .volume import Volume

_CLEAR_GAIN = 1.1  # the score must rise by 10 % before the volumes are moved, or stretched
_LEAST_SIMILARITY = 0.01
_LEAST_OVERLAP = 0.3
_LARGEST_UNCERTAINTY_MM = 5.0
_STRETCH = (0.8, 1.25)
_STAYED = "The volumes already fit and were left in place."
_START_KEPT = "The initial transform already fits and was kept."
_UNCERTAIN = "The alignment may be off by about {:.1f} mm"


@dataclass(frozen=True, eq=False)
class LinearAlignment:
    """The linear part of the alignment, and how it was found.

    matrix: 4 x 4 float64, RAS mm, from fixed points to moving points.
    method: none, center, rigid or affine.
    similarity_before, similarity_after: normalised mutual information near the body, times the part of
        the smaller volume that lies inside the other; 0 means none.
    seconds: time it took.
    converged: False where the result should not be trusted unseen.
    note: what was found, in words.
    uncertainty_mm: expected error, mm; None where nothing was searched.
    """

    matrix: NDArray[np.float64]
    method: str
    similarity_before: float
    similarity_after: float
    seconds: float
    converged: bool
    note: str
    uncertainty_mm: float | None = None


def align(
    fixed: Volume,
    moving: Volume,
    method: str = "rigid",
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    start: NDArray[np.float64] | None = None,
) -> LinearAlignment:
    """Align two volumes as a whole; the same input always gives the same result.

    method: none keeps them where they are; center puts the centres of both bodies together; rigid searches
    the best rotation and shift from many starts, coarse to fine; affine then adds scales and shears. A pair
    that cannot be clearly improved stays where it is.
    start: 4 x 4, RAS mm, fixed to moving points, from landmarks or another registration; every method then
        begins there, and the search keeps near it.
    Raises InputError for another method, Cancelled when cancel answers True.
    """
    if method not in INITIAL_ALIGNMENTS:
        raise InputError(f"'{method}' is not an alignment: choose one of {', '.join(INITIAL_ALIGNMENTS)}.")
    began = time.perf_counter()
    search = AlignmentSearch(fixed, moving, progress, cancel, start)
    stay, found = search.stay(), _find(search, method)
    note, converged, uncertainty = _describe(found.matrix, search.center), True, None
    matrix = found.matrix
    if method in ("rigid", "affine"):
        if found.score < _CLEAR_GAIN * stay.score:
            matrix, note = stay.matrix, _STAYED if start is None else _START_KEPT
        uncertainty = search.uncertainty_mm(found.matrix, matrix)
        converged, doubt = _judge(search, found, uncertainty)
        note = doubt or f"{note} {_UNCERTAIN.format(uncertainty)}."
    before, after = search.similarity(np.eye(4)), search.similarity(matrix)
    seconds = time.perf_counter() - began
    return LinearAlignment(matrix, method, before, after, seconds, converged, note, uncertainty)


def _find(search: AlignmentSearch, method: str) -> Found:
    if method == "none":
        return search.stay()
    if method == "center":
        return search.center_bodies()
    rigid = search.rigid()
    if method == "rigid":
        return rigid
    affine = search.affine(rigid)
    stretch = np.linalg.svd(affine.matrix[:3, :3], compute_uv=False)
    plausible = _STRETCH[0] < stretch.min() and stretch.max() < _STRETCH[1]
    return affine if plausible and affine.score > _CLEAR_GAIN * rigid.score else rigid


def _judge(search: AlignmentSearch, found: Found, uncertainty_mm: float) -> tuple[bool, str]:
    """Whether the result can be trusted; if not, why."""
    similarity = search.similarity(found.matrix)
    inside = search.overlap(found.matrix)
    if similarity < _LEAST_SIMILARITY:
        doubt = f"The volumes hardly resemble each other (similarity {similarity:.3f})"
    elif inside < _LEAST_OVERLAP:
        doubt = f"Only {100 * inside:.0f} % of the smaller volume lies inside the other"
    elif found.rival_mm > 0:
        doubt = f"Another alignment, {found.rival_mm:.0f} mm away, fits as well"
    elif uncertainty_mm > _LARGEST_UNCERTAINTY_MM:
        doubt = _UNCERTAIN.format(uncertainty_mm)
    else:
        return True, ""
    return False, f"{doubt}: check the alignment, or {BEGIN_ELSEWHERE}."


def _describe(matrix: NDArray[np.float64], center: NDArray[np.float64]) -> str:
    left, _, right = np.linalg.svd(matrix[:3, :3])
    cosine = (np.trace(left @ right) - 1) / 2
    shift = np.linalg.norm(matrix[:3, :3] @ center + matrix[:3, 3] - center)
    degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return f"The moving volume was shifted by {shift:.1f} mm and turned by {degrees:.1f} degrees."
