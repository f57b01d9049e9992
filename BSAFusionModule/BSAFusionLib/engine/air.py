"""Whether two volumes that overlap share any of the patient, or one of them lies in the other's air."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .body_mask import body_mask
from .errors import GeometryError
from .geometry import beyond_mm, center_ras, check_pair, extent_mm
from .start import BEGIN_ELSEWHERE
from .volume import Volume

_MOST = 48  # voxels along an axis; more would only cost time


def check_place(fixed: Volume, moving: Volume) -> None:
    """Refuse two volumes that cannot be fused from where they lie: see check_pair and check_bodies."""
    check_pair(fixed, moving)
    check_bodies(fixed, moving)


def check_bodies(fixed: Volume, moving: Volume) -> None:
    """Refuse (GeometryError) two volumes of which one lies where the other shows nothing but air."""
    for one, role, other in ((fixed, "fixed", moving), (moving, "moving", fixed)):
        gaps = beyond_mm(body_points(one), other)
        if len(gaps) and gaps.min() > 0:
            size = " x ".join(f"{mm:.0f}" for mm in extent_mm(other))
            raise GeometryError(
                f"'{other.name}' ({size} mm) lies where the {role} volume '{one.name}' shows only air, "
                f"{gaps.min():.0f} mm from the body: check that both are of one patient, or "
                f"{BEGIN_ELSEWHERE}."
            )


def centered_on(fixed: Volume, moving: Volume) -> Volume:
    """The moving volume where the centres of both bodies lie on each other."""
    matrix = moving.ijk_to_ras.copy()
    matrix[:3, 3] += _middle(fixed) - _middle(moving)
    return Volume(moving.array, matrix, moving.name)


def _middle(volume: Volume) -> NDArray[np.float64]:
    body = body_points(volume)
    return np.asarray(body.mean(axis=0)) if len(body) else center_ras(volume)


def body_points(volume: Volume) -> NDArray[np.float64]:
    """Voxel centres inside the body, thinned out, (n, 3), RAS mm."""
    steps = [max(1, -(-count // _MOST)) for count in volume.shape]
    thin = volume.array[:: steps[0], :: steps[1], :: steps[2]]
    index = np.argwhere(body_mask(Volume(thin, volume.ijk_to_ras))) * steps
    return np.asarray(index[:, ::-1] @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3])
