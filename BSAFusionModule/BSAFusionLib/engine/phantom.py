"""A head that exists only as formulas: an MR and a CT of it, misaligned by a known amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .result import FusionResult
from .volume import Grid, Volume

_ANGLES = np.deg2rad([4.0, -3.0, 6.0])  # about R, A and S
_SHIFT = np.array([5.0, -6.0, 4.0])  # mm
_WAVE = 2.5  # mm, amplitude of the elastic part
_WAVELENGTH = 120.0  # mm

# Grey values of air, scalp, bone, fluid, grey matter, white matter, lesion.
_MR = np.array([0.0, 620.0, 60.0, 180.0, 420.0, 640.0, 300.0])
_CT = np.array([-1000.0, 30.0, 900.0, 8.0, 38.0, 30.0, 70.0])


@dataclass(frozen=True, eq=False)
class HeadPair:
    """The MR as fixed volume, the CT as moving volume."""

    fixed: Volume
    moving: Volume

    def true_moving_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where fixed points, (N, 3) RAS mm, lie in the moving volume; (N, 3), RAS mm."""
        found = points.copy()
        for _ in range(30):  # contracts by at least 4 each time
            found -= _fixed_points(found) - points
        return found

    def landmarks(self) -> NDArray[np.float64]:
        """Points inside the head, (N, 3), RAS mm, in the fixed volume."""
        axis = np.linspace(-0.55, 0.55, 5)
        unit = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
        return np.asarray(unit[np.linalg.norm(unit, axis=1) < 0.8] * [70.0, 88.0, 66.0])

    def landmark_errors(self, result: FusionResult) -> tuple[float, float]:
        """Mean landmark error, mm, of doing nothing and of a result."""
        points = self.landmarks()
        truth = self.true_moving_points(points)
        index = (points - self.fixed.ijk_to_ras[:3, 3]) @ np.linalg.inv(self.fixed.ijk_to_ras[:3, :3]).T
        i, j, k = index.round().astype(int).T
        moved = points + result.displacement[k, j, i]
        moved = moved @ result.initial[:3, :3].T + result.initial[:3, 3]
        return _mean_distance(points, truth), _mean_distance(moved, truth)


def _mean_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(first - second, axis=1).mean())


def head_pair(size: int = 128, slices: int = 30, seed: int = 0) -> HeadPair:
    """Make the pair; the MR has size x size pixels on each slice, the CT a few more, finer and shifted ones.

    size: pixels along a row of the MR; 128 are 1.7 mm each. slices: of the MR. seed: of the noise.
    """
    random = np.random.default_rng(seed)
    extent = np.array([218.0, 218.0, 170.0])  # mm
    fixed_grid = _grid(extent / [size, size, slices], (slices, size, size), np.zeros(3))
    moving_shape = (slices + 4, size + 12, size + 12)
    moving_grid = _grid(extent / [size + 8, size + 8, slices + 2], moving_shape, np.array([6.0, -4.0, 3.0]))
    mr = _MR[_tissue(_centers(fixed_grid))] + random.normal(0, 12, fixed_grid.shape)
    ct = _CT[_tissue(_fixed_points(_centers(moving_grid)))] + random.normal(0, 6, moving_grid.shape)
    return HeadPair(
        Volume(np.maximum(mr, 0).astype(np.float32), fixed_grid.ijk_to_ras, "Phantom MR"),
        Volume(ct.astype(np.float32), moving_grid.ijk_to_ras, "Phantom CT"),
    )


def _grid(spacing: NDArray[np.float64], shape: tuple[int, int, int], center: NDArray[np.float64]) -> Grid:
    """Center an axial grid whose columns run to the patient's left and whose rows run to the back."""
    ijk_to_ras = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    ijk_to_ras[:3, 3] = center - ijk_to_ras[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return Grid(shape, ijk_to_ras)


def _centers(grid: Grid) -> NDArray[np.float64]:
    """Voxel centres, (K, J, I, 3), RAS mm."""
    k, j, i = np.meshgrid(*[np.arange(n) for n in grid.shape], indexing="ij")
    index = np.stack([i, j, k], axis=-1)
    return np.asarray(index @ grid.ijk_to_ras[:3, :3].T + grid.ijk_to_ras[:3, 3])


def _fixed_points(moving: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fixed points that moving points show, (..., 3) RAS mm: rotated, shifted, in a wave."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(_ANGLES), np.sin(_ANGLES)
    about_r = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_a = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_s = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    phase = 2 * np.pi * moving / _WAVELENGTH
    wave = _WAVE * np.stack([np.sin(phase[..., 1]), np.sin(phase[..., 0]), 0 * phase[..., 2]], axis=-1)
    return np.asarray(moving @ (about_s @ about_a @ about_r).T + _SHIFT + wave)


def _ellipsoid(
    points: NDArray[np.float64], center: tuple[float, ...], radii: tuple[float, ...]
) -> NDArray[np.bool_]:
    """True inside; points (..., 3), all in RAS mm."""
    return np.asarray((((points - center) / radii) ** 2).sum(axis=-1) < 1)


def _tissue(points: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index into the tables of grey values for points, (..., 3), RAS mm."""
    x, y, z = np.moveaxis(points, -1, 0)
    folds = np.sin(x / 4.5) * np.sin(y / 5.0 + z / 9.0)
    radius = np.linalg.norm(points / [64.0, 80.0, 62.0], axis=-1) * 70.0
    tissue = np.zeros(points.shape[:-1], dtype=np.intp)
    tissue[_ellipsoid(points, (0, 0, 0), (82, 100, 80)) | _ellipsoid(points, (0, 94, -30), (11, 13, 16))] = 1
    tissue[_ellipsoid(points, (0, 0, 0), (75, 93, 73))] = 2
    tissue[_ellipsoid(points, (0, 0, 0), (68, 86, 66))] = 3
    tissue[radius + 3.0 * folds < 70] = 4
    tissue[radius + 6.0 * folds < 58] = 5
    tissue[_ellipsoid(points, (10, 8, 6), (6, 30, 10)) | _ellipsoid(points, (-10, 8, 6), (6, 30, 10))] = 3
    tissue[_ellipsoid(points, (30, -28, 14), (13, 10, 12))] = 6
    tissue[
        _ellipsoid(points, (32, 76, -24), (13, 13, 12)) | _ellipsoid(points, (-32, 76, -24), (13, 13, 12))
    ] = 3
    return tissue
