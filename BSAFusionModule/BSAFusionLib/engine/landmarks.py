"""Target registration error: how far corresponding points are from each other, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .geometry import beyond_mm
from .index_warp import IndexWarp
from .point_file import PointFile
from .result import FusionResult
from .volume import Volume

Points = NDArray[np.float64]

_FARTHEST_MM = 100.0  # beside the volume a landmark may lie: a fiducial on a frame, a part that was cropped


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Points of one anatomy in both volumes: fixed and moving, float64, (N, 3), RAS mm, in the same order."""

    fixed: Points
    moving: Points


def pair_landmarks(fixed: PointFile, moving: PointFile) -> Landmarks:
    """Match two lists: by their labels where these are the same unique names in both, else by their order.

    Raises InputError where the lists are empty or of different length.
    """
    counts = len(fixed.points), len(moving.points)
    if 0 in counts:
        role = "fixed" if counts[0] == 0 else "moving"
        raise InputError(f"The list of {role} landmarks is empty: place at least one point in each volume.")
    if counts[0] != counts[1]:
        raise InputError(
            f"There are {counts[0]} fixed and {counts[1]} moving landmarks: each needs its partner, "
            "so give both lists the same points."
        )
    names = set(fixed.labels)
    if "" not in names and len(names) == counts[0] and names == set(moving.labels):
        order = [moving.labels.index(label) for label in fixed.labels]
        return Landmarks(fixed.points, moving.points[order])
    return Landmarks(fixed.points, moving.points)


def check_landmarks(landmarks: Landmarks, fixed: Volume, moving: Volume) -> None:
    """Refuse (InputError) coordinates that are not finite numbers, or lie far outside of their volume."""
    for role, points, volume in (("fixed", landmarks.fixed, fixed), ("moving", landmarks.moving, moving)):
        bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
        if bad.size:
            raise InputError(f"The {role} landmark {bad[0] + 1} has no finite position: place it again.")
        beyond = beyond_mm(points, volume)
        far = int(beyond.argmax())
        if beyond[far] > _FARTHEST_MM:
            raise InputError(
                f"The {role} landmark {far + 1} lies {beyond[far]:.0f} mm outside of '{volume.name}': "
                "check that the points belong to this volume and whether they are in RAS or LPS."
            )


def landmark_errors(landmarks: Landmarks, result: FusionResult) -> dict[str, Any]:
    """Distances, mm, between where fixed landmarks are sent and their partners, by stage, ready for JSON.

    Stages: before, after_initial_alignment, after. outside counts fixed landmarks outside the fixed volume,
    for which the displacement of its edge is taken.
    """
    grid = result.fused.grid
    to_index = np.linalg.inv(grid.ijk_to_ras)
    outside = np.count_nonzero(beyond_mm(landmarks.fixed, grid))
    index = landmarks.fixed @ to_index[:3, :3].T + to_index[:3, 3]
    moved = IndexWarp(result.displacement, grid)(np.asarray(index.T, np.float32))
    displaced = landmarks.fixed + moved.T @ grid.ijk_to_ras[:3, :3].T
    stages = {
        "before": landmarks.fixed,
        "after_initial_alignment": _sent(result.initial, landmarks.fixed),
        "after": _sent(result.initial, displaced),
    }
    errors = {stage: _statistics(points - landmarks.moving) for stage, points in stages.items()}
    return {"count": len(index), "outside": int(outside), "error_mm": errors}


def _sent(matrix: NDArray[np.float64], points: Points) -> Points:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _statistics(differences: Points) -> dict[str, Any]:
    lengths = np.linalg.norm(differences, axis=1)
    return {
        "mean": float(lengths.mean()),
        "median": float(np.median(lengths)),
        "max": float(lengths.max()),
        "each": np.round(lengths, 4).tolist(),
    }
