"""Search for the best linear transform: starts, and a climb that needs no derivatives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def pose_matrix(parameters: Vector, center: Vector) -> Matrix:
    """4 x 4, RAS mm, about center, of 6 or 12 parameters.

    They are: rotation vector in radians, shift in mm; then the logarithms of three scales, and three shears.
    """
    linear = rotation_matrix(parameters[:3])
    if parameters.size > 6:
        stretch = np.diag(np.exp(parameters[6:9]))
        stretch[0, 1], stretch[0, 2], stretch[1, 2] = parameters[9:12]
        linear = linear @ stretch
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = center + parameters[3:6] - linear @ center
    return matrix


def rotation_matrix(vector: Vector) -> Matrix:
    """3 x 3 rotation about vector by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def starts(shifts: list[Vector], angle_deg: float) -> list[Vector]:
    """Every shift, mm, combined with no rotation and rotations by angle_deg about 13 axes, both ways."""
    axes = [np.array(a, float) for a in product((-1, 0, 1), repeat=3)]
    turns = [np.radians(angle_deg) * a / max(np.linalg.norm(a), 1.0) for a in axes]
    return [np.concatenate([turn, shift]) for shift in shifts for turn in turns]


def climb(
    score: Callable[[Vector], float],
    start: Vector,
    steps: Vector,
    sweeps: int,
    shrink: float = 0.5,
    patience: int = 0,
) -> tuple[Vector, float]:
    """Climb to a maximum along a basis that turns into the ridge and steps that shrink (Rosenbrock 1960).

    steps: first step along every parameter. patience: sweeps more in which steps stay as they are, because
    the last sweep still went further than a step. Returns the best parameters and their score.
    """
    best, height = start.copy(), score(start)
    basis = np.eye(start.size)
    while sweeps > 0:
        moves = np.zeros(start.size)
        for n, direction in enumerate(basis):
            reached, height = _climb_line(score, best, height, direction * steps)
            moves[n] = ((reached - best) / steps) @ direction
            best = reached
        basis = _turned(basis, moves)
        if patience > 0 and np.linalg.norm(moves) >= 1:
            patience -= 1
            continue
        steps, sweeps = steps * shrink, sweeps - 1
    return best, height


def _turned(basis: Matrix, moves: Vector) -> Matrix:
    """An orthonormal basis, in rows: first the whole move, then what its largest part leaves of it."""
    order = np.argsort(-np.abs(moves))
    parts = moves[order, None] * basis[order]
    rests = np.cumsum(parts[::-1], axis=0)[::-1]
    still = np.abs(moves[order]) < 1e-6
    rests[still] = basis[order][still]
    return np.asarray(np.linalg.qr(rests.T)[0].T)


def _climb_line(
    score: Callable[[Vector], float], at: Vector, height: float, step: Vector
) -> tuple[Vector, float]:
    """Walk along step while the score grows, then to the top of the parabola through the last points."""
    ahead, behind = score(at + step), score(at - step)
    if behind > ahead:
        step, ahead, behind = -step, behind, ahead
    while ahead > height:
        at, behind, height = at + step, height, ahead
        ahead = score(at + step)
    curvature = behind - 2 * height + ahead
    if curvature >= 0:
        return at, height
    top = at + step * 0.5 * (behind - ahead) / curvature
    reached = score(top)
    return (top, reached) if reached > height else (at, height)
