"""How well outlines drawn in both volumes agree: Dice overlap and Hausdorff distance, label by label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .errors import GeometryError, InputError
from .resample import resample
from .result import FusionResult
from .volume import Volume

Mask = NDArray[np.bool_]

_TOLERANCE_VOXELS = 0.01
_MOST_LABELS = 255


@dataclass(frozen=True, eq=False)
class Segmentations:
    """Label maps on the grids of the fixed and the moving volume: whole numbers, 0 is the background.

    names: what labels are called; others are called by their number.
    """

    fixed: Volume
    moving: Volume
    names: Mapping[int, str] = field(default_factory=dict)


def check_segmentations(segmentations: Segmentations, fixed: Volume, moving: Volume) -> None:
    """Refuse what cannot be compared: InputError for its labels, GeometryError for another grid."""
    for role, labels, volume in (
        ("fixed", segmentations.fixed, fixed),
        ("moving", segmentations.moving, moving),
    ):
        label = f"The {role} segmentation '{labels.name}'"
        _check_grid(labels, volume, label)
        found = labels_of(labels)
        if not found:
            raise InputError(f"{label} is empty: it needs at least one label above 0.")
        if len(found) > _MOST_LABELS:
            raise InputError(f"{label} holds {len(found)} values, which are no labels: choose a label map.")
    if not _common(segmentations):
        raise InputError(
            f"The segmentations '{segmentations.fixed.name}' and '{segmentations.moving.name}' have no label "
            "in common: give the same structure the same number in both."
        )


def labels_of(volume: Volume) -> list[int]:
    """All labels of a label map but 0."""
    return [int(value) for value in np.unique(volume.array) if value != 0]


def agreement(segmentations: Segmentations, result: FusionResult) -> dict[str, Any]:
    """Dice and 95th percentile of the Hausdorff distance, mm, of every common label by stage, ready for JSON.

    The moving labels are brought to the fixed grid by nearest neighbour as loaded (before), after the initial
    alignment, and after all. The distance is None where a label does not reach the fixed grid.
    """
    fixed, moving = segmentations.fixed, segmentations.moving
    stages = {
        "before": resample(moving, fixed.grid, None, None, "nearest", 0),
        "after_initial_alignment": resample(moving, fixed.grid, result.initial, None, "nearest", 0),
        "after": resample(moving, fixed.grid, result.initial, result.displacement, "nearest", 0),
    }
    labels = {
        segmentations.names.get(label, str(label)): {
            stage: compare(fixed.array == label, array == label, fixed.spacing)
            for stage, array in stages.items()
        }
        for label in _common(segmentations)
    }
    mean = {stage: _mean([numbers[stage] for numbers in labels.values()]) for stage in stages}
    alone = [sorted({*labels_of(fixed)} ^ {*labels_of(moving)})]
    return {"labels": labels, "mean": mean, "labels_in_one_only": alone[0]}


def compare(first: Mask, second: Mask, spacing: NDArray[np.float64]) -> dict[str, float | None]:
    """Dice overlap, 0 to 1, and 95 % Hausdorff distance, mm, of two masks (K, J, I); spacing along i, j, k.

    Both directions are measured from surface voxel to nearest surface voxel; the larger percentile counts.
    """
    shared, total = np.count_nonzero(first & second), np.count_nonzero(first) + np.count_nonzero(second)
    distance = None
    if first.any() and second.any():
        distance = _hausdorff95(*_cropped(first, second), spacing)
    return {"dice": 2 * shared / total if total else 0.0, "hausdorff95_mm": distance}


def _hausdorff95(first: Mask, second: Mask, spacing: NDArray[np.float64]) -> float:
    surfaces = [_surface(mask) for mask in (first, second)]
    directed = [np.percentile(_distance_to(surfaces[1 - n], spacing)[surfaces[n]], 95) for n in (0, 1)]
    return float(max(directed))


def _surface(mask: Mask) -> Mask:
    """Voxels of a mask with a face on the outside; what lies beyond the array is outside."""
    padded = np.pad(mask, 1)
    inner = mask.copy()
    for axis in range(3):
        for side in (0, 2):
            window = [slice(1, -1)] * 3
            window[axis] = slice(side, padded.shape[axis] - 2 + side)
            inner &= padded[tuple(window)]
    return np.asarray(mask & ~inner)


def _distance_to(surface: Mask, spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    """Distance, mm, of every voxel's centre to the nearest centre of the surface."""
    image = sitk.GetImageFromArray(surface.astype(np.uint8))
    image.SetSpacing(spacing.tolist())
    squared = sitk.SignedMaurerDistanceMap(image, False, True, True)  # not inside-positive, squared, in mm
    return np.asarray(np.sqrt(np.maximum(sitk.GetArrayFromImage(squared), 0)))


def _cropped(first: Mask, second: Mask) -> tuple[Mask, Mask]:
    """Both masks in the smallest box that holds them."""
    both = first | second
    box = tuple(slice(int(found.min()), int(found.max()) + 1) for found in np.nonzero(both))
    return first[box], second[box]


def _mean(numbers: list[dict[str, float | None]]) -> dict[str, float | None]:
    mean: dict[str, float | None] = {}
    for key in ("dice", "hausdorff95_mm"):
        values = [each[key] for each in numbers]
        known = [value for value in values if value is not None]
        mean[key] = float(np.mean(known)) if len(known) == len(values) else None
    return mean


def _common(segmentations: Segmentations) -> list[int]:
    return sorted({*labels_of(segmentations.fixed)} & {*labels_of(segmentations.moving)})


def _check_grid(labels: Volume, volume: Volume, label: str) -> None:
    apart = np.linalg.norm(_corners(labels) - _corners(volume), axis=0).max()
    if labels.shape != volume.shape or apart > _TOLERANCE_VOXELS * volume.spacing.min():
        sizes = [" x ".join(str(n) for n in each.shape[::-1]) for each in (labels, volume)]
        raise GeometryError(
            f"{label} ({sizes[0]} voxels) does not lie on the grid of '{volume.name}' ({sizes[1]} voxels), "
            f"its corner is {apart:.2f} mm from there: export it with that volume as its reference geometry."
        )


def _corners(volume: Volume) -> NDArray[np.float64]:
    """Centres of the first and the last voxel, RAS mm, as columns."""
    last = np.array(volume.shape[::-1]) - 1
    return np.asarray((volume.ijk_to_ras @ np.array([[0, 0, 0, 1], [*last, 1]], float).T)[:3])
