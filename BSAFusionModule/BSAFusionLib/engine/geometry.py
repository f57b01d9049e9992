"""Where volumes lie in the patient, and whether that makes sense."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import GeometryError, InputError
from .start import BEGIN_ELSEWHERE
from .volume import Grid, Volume

SHEAR_TOLERANCE = 1e-4  # cosine between two index axes; DICOM writes six digits
SMALLEST_EXTENT_MM = 10.0
WIDEST_EXTENT_MM = 1200.0  # a body is longer than this, but never wider
LONGEST_EXTENT_MM = 2600.0

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SAMPLES = 24  # per axis; the overlap is known to about 1 %


@dataclass(frozen=True)
class Overlap:
    """How two volumes lie to each other.

    fixed_fraction, moving_fraction: part of each volume's box that lies inside the other's, 0 to 1.
    gap_mm: shortest distance between the boxes, mm; 0 when they touch or overlap.
    fixed_extent_mm, moving_extent_mm: size of each box along its own i, j, k, mm.
    """

    fixed_fraction: float
    moving_fraction: float
    gap_mm: float
    fixed_extent_mm: tuple[float, float, float]
    moving_extent_mm: tuple[float, float, float]

    @property
    def any(self) -> bool:
        """True when the boxes share some space."""
        return self.fixed_fraction > 0 or self.moving_fraction > 0


def to_lps(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Express a 4 x 4 RAS-to-RAS transform, mm, as LPS to LPS; its own inverse."""
    return np.asarray(_RAS_TO_LPS @ matrix @ _RAS_TO_LPS)


def extent_mm(grid: Grid | Volume) -> NDArray[np.float64]:
    """Size of the box that the voxels fill along i, j, k, mm; half a voxel is counted on either side."""
    return np.asarray(grid.spacing * np.array(grid.shape[::-1]))


def center_ras(grid: Grid | Volume) -> NDArray[np.float64]:
    """Centre of the box, RAS mm."""
    middle = (np.array(grid.shape[::-1]) - 1) / 2
    return np.asarray(grid.ijk_to_ras[:3, :3] @ middle + grid.ijk_to_ras[:3, 3])


def points_ras(grid: Grid, slices: slice = slice(None)) -> NDArray[np.float64]:
    """RAS mm of the voxel centres of some slices along K; (k, J, I, 3)."""
    count, rows, columns = grid.shape
    k = np.arange(count, dtype=np.float64)[slices, None, None, None]
    j = np.arange(rows, dtype=np.float64)[None, :, None, None]
    i = np.arange(columns, dtype=np.float64)[None, None, :, None]
    m = grid.ijk_to_ras
    return np.asarray(i * m[:3, 0] + j * m[:3, 1] + (k * m[:3, 2] + m[:3, 3]))


def beyond_mm(points: NDArray[np.float64], box: Grid | Volume) -> NDArray[np.float64]:
    """How far points, (n, 3), RAS mm, lie outside a box, mm; 0 inside, (n,)."""
    along = (points - center_ras(box)) @ box.direction
    return np.asarray(np.linalg.norm(np.maximum(np.abs(along) - extent_mm(box) / 2, 0), axis=1))


def overlap(fixed: Grid | Volume, moving: Grid | Volume) -> Overlap:
    """Compare two boxes in mm; any orientation, spacing and handedness."""
    fixed_fraction = _fraction_inside(fixed, moving)
    moving_fraction = _fraction_inside(moving, fixed)
    apart = fixed_fraction == 0 and moving_fraction == 0
    return Overlap(
        fixed_fraction,
        moving_fraction,
        _gap_mm(fixed, moving) if apart else 0.0,
        _triple(extent_mm(fixed)),
        _triple(extent_mm(moving)),
    )


def check_volume(volume: Volume, role: str) -> None:
    """Refuse a volume that cannot be fused.

    role: "fixed" or "moving", as it shall be called in the message.
    Raises InputError for its voxels, GeometryError for its place.
    """
    label = f"The {role} volume '{volume.name}'"
    _check_shape(volume, label)
    _check_matrix(volume.ijk_to_ras, label)
    _check_extent(volume, label)
    _check_values(volume.array, label)


def check_pair(fixed: Volume, moving: Volume) -> None:
    """Refuse two volumes that share no space (GeometryError) or are the same image (InputError)."""
    if _same_image(fixed, moving):
        raise InputError(
            f"The fixed volume '{fixed.name}' and the moving volume '{moving.name}' are the same image: "
            "choose two different images."
        )
    place = overlap(fixed, moving)
    if not place.any:
        raise GeometryError(
            f"The fixed volume '{fixed.name}' and the moving volume '{moving.name}' do not overlap: they are "
            f"{place.gap_mm:.0f} mm apart, so check that both are of one patient, or {BEGIN_ELSEWHERE}."
        )


def _check_shape(volume: Volume, label: str) -> None:
    shape = volume.array.shape
    if len(shape) != 3:
        raise InputError(f"{label} has {len(shape)} dimensions: a volume with 3 is needed.")
    if 0 in shape:
        raise InputError(f"{label} is empty: choose an image with voxels.")
    if min(shape) < 2:
        size = " x ".join(str(n) for n in shape[::-1])
        raise InputError(f"{label} has {size} voxels, a single slice: at least 2 slices are needed.")


def _check_matrix(matrix: NDArray[np.float64], label: str) -> None:
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise GeometryError(
            f"{label} has no usable position in space: set its spacing, origin and directions."
        )
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if not (spacing > 0).all():
        raise GeometryError(
            f"{label} has a spacing of {_by(spacing)} mm: each must be above zero, so correct it."
        )
    cosines = (matrix[:3, :3] / spacing).T @ (matrix[:3, :3] / spacing) - np.eye(3)
    if np.abs(cosines).max() > SHEAR_TOLERANCE:
        degrees = np.degrees(np.arcsin(min(np.abs(cosines).max(), 1.0)))
        raise GeometryError(
            f"{label} is sheared, its axes are {degrees:.2f} degrees from a right angle: "
            "resample it onto a rectangular grid first."
        )


def _check_extent(volume: Volume, label: str) -> None:
    extent = extent_mm(volume)
    _, wide, longest = np.sort(extent)
    if longest < SMALLEST_EXTENT_MM or wide > WIDEST_EXTENT_MM or longest > LONGEST_EXTENT_MM:
        raise GeometryError(
            f"{label} measures {_by(extent)} mm, which no patient does: the units look wrong, "
            f"so correct its spacing of {_by(volume.spacing)} mm."
        )


def _check_values(array: NDArray[np.float32], label: str) -> None:
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        nan = int(np.isnan(array).sum())
        raise InputError(
            f"{label} has {bad} of {array.size} voxels that are not finite numbers "
            f"({nan} NaN, {bad - nan} infinite): replace them by the background value."
        )
    if array.min() == array.max():
        raise InputError(
            f"{label} has the value {array.flat[0]:g} in every voxel: choose an image with content."
        )


def _same_image(fixed: Volume, moving: Volume) -> bool:
    return (
        fixed.shape == moving.shape
        and np.allclose(fixed.ijk_to_ras, moving.ijk_to_ras, rtol=0, atol=1e-3)
        and np.array_equal(fixed.array, moving.array)
    )


def _fraction_inside(box: Grid | Volume, other: Grid | Volume) -> float:
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    cells = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    index = cells * np.array(box.shape[::-1]) - 0.5
    points = index @ box.ijk_to_ras[:3, :3].T + box.ijk_to_ras[:3, 3]
    return float((beyond_mm(points, other) == 0).mean())


def _gap_mm(fixed: Grid | Volume, moving: Grid | Volume) -> float:
    """Distance of two boxes by alternating projection (Cheney and Goldstein 1959)."""
    point = center_ras(moving)
    for _ in range(200):
        on_fixed = _nearest(point, fixed)
        point = _nearest(on_fixed, moving)
    return float(np.linalg.norm(point - on_fixed))


def _nearest(point: NDArray[np.float64], box: Grid | Volume) -> NDArray[np.float64]:
    center, half = center_ras(box), extent_mm(box) / 2
    along = np.clip(box.direction.T @ (point - center), -half, half)
    return np.asarray(center + box.direction @ along)


def _by(numbers: NDArray[np.float64]) -> str:
    return " x ".join(f"{n:.4g}" for n in numbers)


def _triple(numbers: NDArray[np.float64]) -> tuple[float, float, float]:
    i, j, k = (float(n) for n in numbers)
    return i, j, k
