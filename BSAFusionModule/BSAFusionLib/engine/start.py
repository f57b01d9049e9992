"""Where the search for the initial alignment begins: at landmarks or at a transform that is already known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

_LEAST_PAIRS = 3
_LEAST_SPREAD = 0.02  # of the second axis against the first: below, the turn about the line is anyone's guess
_LEAST_DETERMINANT = 1e-3

BEGIN_ELSEWHERE = "begin with their centres on each other (center), with landmarks or with a transform"
"""What to try next where volumes do not find to each other; the end of a sentence."""

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = tuple[tuple[float, ...], ...]


def check_transform(rows: Sequence[Sequence[float]] | Matrix) -> Matrix:
    """Return a 4 x 4 float64 transform, RAS mm, fixed to moving points.

    Raises InputError where it is not 4 x 4, not finite, not linear, not invertible, or mirrors.
    """
    label = "The initial transform"
    try:
        matrix = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape != (4, 4):
        raise InputError(f"{label} is not a matrix of 4 x 4 numbers: give one from fixed to moving points.")
    if not np.isfinite(matrix).all():
        raise InputError(f"{label} holds values that are not finite numbers: choose another transform.")
    if not np.allclose(matrix[3], (0, 0, 0, 1), atol=1e-9):
        raise InputError(f"{label} is not linear, its last row is not 0 0 0 1: choose a linear transform.")
    volume = float(np.linalg.det(matrix[:3, :3]))
    if abs(volume) < _LEAST_DETERMINANT:
        raise InputError(
            f"{label} cannot be inverted, its determinant is {volume:.2g}: choose another transform."
        )
    if volume < 0:
        raise InputError(f"{label} mirrors the patient, its determinant is {volume:.2g}: correct its axes.")
    return matrix


def check_points(points: Sequence[Sequence[float]] | Vector, role: str) -> Vector:
    """Return landmarks as (n, 3) float64, RAS mm; role: fixed or moving, for the message of InputError."""
    try:
        array = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 3:
        raise InputError(f"The {role} landmarks are not points of 3 coordinates: give x, y, z in mm.")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if bad.size:
        raise InputError(
            f"The {role} landmark {bad[0] + 1} has a coordinate that is not a finite number: place it again."
        )
    return array


def rigid_from_landmarks(
    fixed: Sequence[Sequence[float]] | Vector, moving: Sequence[Sequence[float]] | Vector
) -> Matrix:
    """The rigid transform, 4 x 4, RAS mm, that brings fixed landmarks closest to their moving partners.

    fixed, moving: (n, 3), RAS mm, partners at the same place of both lists. Least squares without a mirror
    image (Kabsch 1976, Umeyama 1991). Raises InputError for unequal numbers, fewer than 3 pairs, points
    that coincide, and points on one line, which leave the turn about it open.
    """
    one, other = check_points(fixed, "fixed"), check_points(moving, "moving")
    if len(one) != len(other):
        raise InputError(
            f"There are {len(one)} fixed and {len(other)} moving landmarks: "
            "place as many in one volume as in the other."
        )
    if len(one) < _LEAST_PAIRS:
        raise InputError(
            f"There are {len(one)} pairs of landmarks: at least {_LEAST_PAIRS} are needed, not on one line."
        )
    for points, role in ((one, "fixed"), (other, "moving")):
        _check_spread(points, role)
    middle, other_middle = one.mean(axis=0), other.mean(axis=0)
    left, _, right = np.linalg.svd((other - other_middle).T @ (one - middle))
    mirror = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    matrix = np.eye(4)
    matrix[:3, :3] = left @ mirror @ right
    matrix[:3, 3] = other_middle - matrix[:3, :3] @ middle
    return matrix


def as_rows(numbers: Sequence[Sequence[float]] | Matrix) -> Rows:
    """Numbers in rows, as tuples."""
    return tuple(tuple(float(n) for n in row) for row in numbers)


def starting_transform(transform: Rows | None, landmarks: tuple[Rows, Rows] | None) -> Matrix | None:
    """The start that the options name, 4 x 4, RAS mm, fixed to moving; None where they name none.

    Raises InputError where it cannot be used, or where both are given.
    """
    if transform is not None and landmarks is not None:
        raise InputError("An initial transform and landmarks are both given: choose one of them.")
    if transform is not None:
        return check_transform(transform)
    if landmarks is None:
        return None
    if len(landmarks) != 2:
        raise InputError("Landmarks are not two lists: give the fixed points, then their moving partners.")
    return rigid_from_landmarks(*landmarks)


def _check_spread(points: Vector, role: str) -> None:
    along = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if along[0] == 0:
        raise InputError(f"The {role} landmarks are all at one place: spread them over the patient.")
    if along[1] < _LEAST_SPREAD * along[0]:
        raise InputError(
            f"The {role} landmarks lie on one line, which leaves the turn about it open: "
            "place another beside it."
        )
