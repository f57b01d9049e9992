"""Small volumes that are known in closed form, so that any pose of them can be sampled exactly."""

from __future__ import annotations

import numpy as np
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.volume import Grid, Volume
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# Ellipsoids, painted in order: centre and half axes in RAS mm, then the value in CT (HU), MR and PET (SUV).
HEAD = (
    ("scalp", (0, 0, 0), (72, 90, 82), 40, 700, 0.8),
    ("skull", (0, 0, 0), (67, 85, 77), 1100, 60, 0.5),
    ("grey matter", (0, 0, 0), (61, 79, 71), 38, 520, 9.0),
    ("white matter", (-2, 4, 6), (48, 64, 52), 28, 760, 2.5),
    ("left ventricle", (-12, 6, 12), (7, 24, 9), 5, 180, 0.6),
    ("right ventricle", (14, 2, 12), (9, 28, 11), 5, 180, 0.6),
    ("lesion", (34, -24, 22), (12, 10, 9), 55, 950, 12.0),
    ("left eye", (-30, 80, -22), (12, 12, 12), 10, 150, 0.7),
    ("right eye", (30, 80, -22), (12, 12, 12), 10, 150, 0.7),
    ("nose", (0, 94, -34), (9, 13, 15), 30, 650, 0.9),
    ("neck", (0, -20, -86), (42, 46, 30), 50, 560, 0.9),
    ("sinus", (4, 66, -44), (14, 12, 12), -900, 30, 0.2),
)
AIR = {"ct": -1000.0, "mr": 10.0, "pet": 0.05}


def rigid(angles_deg: tuple[float, float, float], shift_mm: tuple[float, float, float]) -> Matrix:
    """4 x 4, RAS mm: turned about x, then y, then z at the origin, then shifted."""
    matrix = np.eye(4)
    for axis, angle in enumerate(np.radians(angles_deg)):
        turn = np.eye(4)
        a, b = [n for n in range(3) if n != axis]
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    matrix[:3, 3] = shift_mm
    return matrix


def tilted_grid(
    shape: tuple[int, int, int] = (5, 7, 9),
    spacing: tuple[float, float, float] = (2.0, 3.0, 4.0),
    angles_deg: tuple[float, float, float] = (20.0, -35.0, 50.0),
    left_handed: bool = False,
    center: tuple[float, float, float] = (11.0, -23.0, 37.0),
) -> Grid:
    """A grid of shape (K, J, I) with spacing along i, j, k, turned about its centre in RAS mm."""
    scale = np.array(spacing) * np.array([-1 if left_handed else 1, 1, 1])
    matrix = rigid(angles_deg, (0, 0, 0)) @ np.diag([*scale, 1.0])
    matrix[:3, 3] = np.array(center) - matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return Grid(shape, matrix)


def ramp(grid: Grid, name: str = "ramp") -> Volume:
    """The value 100 + 2 R - 3 A + 5 S at every voxel, which linear interpolation reproduces exactly."""
    return Volume(ramp_at(points_ras(grid)).astype(np.float32), grid.ijk_to_ras, name)


def ramp_at(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ramp's value at points (..., 3) in RAS mm."""
    return np.asarray(100 + points @ np.array([2.0, -3.0, 5.0]))


def smooth_field(grid: Grid, amplitude_mm: float = 4.0) -> NDArray[np.float64]:
    """A displacement on grid, (K, J, I, 3), mm, RAS components, different in every component."""
    x, y, z = np.moveaxis(points_ras(grid), -1, 0) / 25.0
    waves = np.stack([np.sin(y + 0.3 * z), np.cos(0.8 * x - z), np.sin(0.5 * x + 0.7 * y + 1)], axis=-1)
    return np.asarray(amplitude_mm * waves)


def axial_grid(spacing: tuple[float, float, float] = (4.0, 4.0, 5.0)) -> Grid:
    """An axial grid around the head phantom, 200 x 230 x 220 mm."""
    counts = np.ceil(np.array([200, 230, 220]) / np.array(spacing)).astype(int)
    return tilted_grid(tuple(counts[::-1].tolist()), spacing, (0, 0, 0), center=(0, 0, -10))


def head(grid: Grid, modality: str, pose: Matrix | None = None) -> Volume:
    """An asymmetric head sampled on grid; modality is ct, mr or pet.

    pose: 4 x 4, RAS mm, from points of grid to points of the head as it is defined; identity when None.
    """
    points = points_ras(grid)
    if pose is not None:
        points = points @ pose[:3, :3].T + pose[:3, 3]
    column = {"ct": 3, "mr": 4, "pet": 5}[modality]
    blur_mm = 6.0 if modality == "pet" else 2.0
    values = np.full(grid.shape, AIR[modality])
    for part in HEAD:
        center, half = np.array(part[1], float), np.array(part[2], float)
        depth_mm = (1 - np.linalg.norm((points - center) / half, axis=-1)) * half.min()
        share = np.clip(0.5 + depth_mm / blur_mm, 0, 1)
        values += share * (part[column] - values)
    return Volume(values.astype(np.float32), grid.ijk_to_ras, f"head {modality}")


FOLDS = {"mr": 150.0, "ct": -20.0, "pet": 2.0}


def brain(grid: Grid, modality: str) -> Volume:
    """The head with folds of 20 to 30 mm in its brain, as each modality shows them."""
    plain = head(grid, modality)
    x, y, z = np.moveaxis(points_ras(grid) / 10.0, -1, 0)
    folds = np.tanh(3 * np.sin(2.3 * x + np.sin(y)) * np.sin(2.7 * y + np.sin(z)) * np.sin(3.1 * z + x))
    inside = (x / 6) ** 2 + (y / 8) ** 2 + (z / 7) ** 2 < 1
    return plain.with_array((plain.array + FOLDS[modality] * folds * inside).astype(np.float32))
