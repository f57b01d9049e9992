"""Transforms from files, and points that go through them in either direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .errors import InputError
from .quiet import quiet

Points = NDArray[np.float64]

_LPS = np.array([-1.0, -1.0, 1.0])
_FIELDS = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")
_TOLERANCE_MM = 1e-4
_MOST_STEPS = 60
_SHORTEST_STEP = 1 / 32  # below it nothing comes nearer: the target has no origin, as beyond a field's edge
_CHUNK = 1 << 17
_REACH_MM = 60.0  # how far around the points the linear part of a transform is estimated


def read_transform(path: Path) -> sitk.Transform:
    """Read a transform from fixed to moving points, LPS mm.

    path: what SimpleITK reads as a transform (.h5, .tfm, .txt, .mat), a displacement field (NRRD, NIfTI or
    MetaImage with 3 values a voxel), or a folder of results, which holds transform.h5.
    Raises InputError where the file cannot be used.
    """
    if path.is_dir():
        path = path / "transform.h5"
    if not path.exists():
        raise InputError(f"'{path}' does not exist: check the path.")
    try:
        with quiet():
            if path.name.lower().endswith(_FIELDS):
                return _read_field(path)
            transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise InputError(
            f"'{path}' is not a transform that can be read: use transform.h5 of a fusion, another ITK "
            "transform, or a displacement field.",
            str(error),
        ) from error
    if transform.GetDimension() != 3:
        raise InputError(f"'{path}' is a transform of {transform.GetDimension()} dimensions: 3 are needed.")
    return transform


def _read_field(path: Path) -> sitk.Transform:
    image = sitk.ReadImage(str(path))
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 3:
        raise InputError(f"'{path}' is no displacement field: it needs 3 dimensions and 3 values a voxel.")
    key = "displacement field type"
    if image.HasMetaDataKey(key) and image.GetMetaData(key) != "resampling":
        raise InputError(
            f"'{path}' is of type '{image.GetMetaData(key)}', from moving to fixed points: export the "
            "transform itself, not its inverse."
        )
    return sitk.DisplacementFieldTransform(sitk.Cast(image, sitk.sitkVectorFloat64))


def map_points(
    transform: sitk.Transform, points: Points, inverse: bool = False, tolerance_mm: float = _TOLERANCE_MM
) -> Points:
    """Send points, (N, 3), RAS mm, through a transform in LPS mm, or back through it; (N, 3), RAS mm.

    inverse: find where the transform's results come from; what is found leads back to within tolerance_mm
    along each axis, where the transform does not fold.
    """
    chunks = [points[n : n + _CHUNK] * _LPS for n in range(0, len(points), _CHUNK)]
    if inverse:
        parts = [_origins(transform, chunk, tolerance_mm) for chunk in chunks]
    else:
        parts = [_sent(transform, chunk) for chunk in chunks]
    return np.asarray(np.concatenate(parts) * _LPS) if parts else points.astype(float)


def _sent(transform: sitk.Transform, points: Points) -> Points:
    """Send points, (n, 3), LPS mm, through a transform in one call.

    SimpleITK maps single points or whole grids: the points become displacements of a line of voxels.
    """
    line = np.zeros_like(points)
    line[:, 0] = np.arange(len(points))
    size = (len(points), 1, 1)
    to_points = sitk.DisplacementFieldTransform(
        sitk.GetImageFromArray((points - line)[None, None], isVector=True)
    )
    both = sitk.CompositeTransform([transform, to_points])  # the last one is applied first
    moved = sitk.TransformToDisplacementField(both, sitk.sitkVectorFloat64, size)
    return np.asarray(sitk.GetArrayFromImage(moved)[0, 0] + line)


def _origins(transform: sitk.Transform, targets: Points, tolerance_mm: float) -> Points:
    """Find what a transform sends to targets, (n, 3), LPS mm: fixed-point steps, halved where needed."""
    center = targets.mean(axis=0)
    linear = np.linalg.inv(_linear_part(transform, center))
    found: Points = center + (targets - _sent(transform, center[None])) @ linear.T
    rest = _sent(transform, found) - targets
    length = np.ones(len(targets))
    for _ in range(_MOST_STEPS):
        far = np.flatnonzero((np.abs(rest).max(axis=1) > tolerance_mm) & (length > _SHORTEST_STEP))
        if not far.size:
            break
        tried = found[far] - length[far, None] * (rest[far] @ linear.T)
        left = _sent(transform, tried) - targets[far]
        better = np.linalg.norm(left, axis=1) < np.linalg.norm(rest[far], axis=1)
        found[far[better]], rest[far[better]] = tried[better], left[better]
        length[far] = np.where(better, np.minimum(1, 1.5 * length[far]), length[far] / 2)
    return found


def _linear_part(transform: sitk.Transform, center: Points) -> NDArray[np.float64]:
    """The 3 x 3 matrix that is most like a transform around a point."""
    steps = np.linspace(-_REACH_MM, _REACH_MM, 5)
    offsets = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    moved = _sent(transform, center + offsets)
    return np.asarray(np.linalg.lstsq(offsets, moved - moved.mean(axis=0), rcond=None)[0].T)
