"""Part of a linear transform: the way from where one begins to where it ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Matrix = NDArray[np.float64]

_NEAR = 0.25  # norm below which the series converge in few terms
_TERMS = 24
_MOST_ROOTS = 40
_TOLERANCE = 1e-8


def matrix_power(matrix: Matrix, part: float) -> Matrix:
    """Return exp(part * log(matrix)) of a 4 x 4 affine matrix: identity for 0, the matrix itself for 1.

    A rigid transform so becomes a screw motion, an even turn about a fixed axis with an even shift along it.
    The logarithm is that of Arsigny et al. (2009), by repeated square roots (Denman and Beavers 1976).
    Raises InputError where there is no real logarithm, as for a reflection.
    """
    if part in (0.0, 1.0):
        return np.eye(4) if part == 0.0 else matrix.copy()
    return _exp(part * _log(matrix))


def _log(matrix: Matrix) -> Matrix:
    root, halvings = matrix, 0
    while np.linalg.norm(root - np.eye(4)) > _NEAR and halvings < _MOST_ROOTS:
        root, halvings = _square_root(root), halvings + 1
    difference = root - np.eye(4)
    power, log = np.eye(4), np.zeros((4, 4))
    for n in range(1, _TERMS + 1):
        power = power @ difference
        log += power * ((-1) ** (n + 1) / n)
    log *= 2.0**halvings
    scale = max(1.0, float(np.abs(matrix).max()))
    if not np.isfinite(log).all() or np.abs(_exp(log) - matrix).max() > 1e-6 * scale:
        raise InputError(
            "The initial alignment mirrors the volume and cannot be applied in part: "
            "align again without a mirrored start."
        )
    return log


def _exp(log: Matrix) -> Matrix:
    halvings = max(0, int(np.ceil(np.log2(max(float(np.linalg.norm(log)), 1e-12) / _NEAR))))
    small = log / 2.0**halvings
    term, result = np.eye(4), np.eye(4)
    for n in range(1, _TERMS + 1):
        term = term @ small / n
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result


def _square_root(matrix: Matrix) -> Matrix:
    root, inverse = matrix, np.eye(4)
    for _ in range(_MOST_ROOTS):
        if not np.isfinite(root).all() or abs(np.linalg.det(root)) < 1e-12:
            break
        following = (root + np.linalg.inv(inverse)) / 2
        inverse = (inverse + np.linalg.inv(root)) / 2
        change = float(np.abs(following - root).max())
        root = following
        if change < _TOLERANCE * max(1.0, float(np.abs(root).max())):
            break
    return root
