"""Where the initial alignment begins, read from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .errors import InputError
from .point_file import read_points
from .start import Rows, as_rows, check_transform
from .transform_file import map_points, read_transform


def read_linear_transform(path: Path) -> Rows:
    """Read a linear transform as 4 rows of 4 numbers, RAS mm, from fixed to moving points.

    path: what SimpleITK reads as a transform from fixed to moving points in LPS mm (.h5, .tfm, .txt, .mat).
    So Slicer saves the transform that puts the moving volume onto the fixed one.
    Raises InputError where it cannot be read, bends, mirrors, or cannot be inverted.
    """
    transform = read_transform(path)
    if not transform.IsLinear():
        raise InputError(
            f"'{path}' is not linear, it bends the volume: give a rigid or an affine transform to begin at."
        )
    origin, *axes = map_points(transform, np.vstack([np.zeros(3), np.eye(3)]))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(axes).T - origin[:, None]
    matrix[:3, 3] = origin
    return as_rows(check_transform(matrix))


def read_landmarks(path: Path) -> Rows:
    """Read the points of a file (.mrk.json, .fcsv or .csv) in their order, RAS mm; InputError as it says."""
    return as_rows(read_points(path).points)
