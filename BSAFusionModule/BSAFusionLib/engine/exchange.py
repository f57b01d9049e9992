"""Hand volumes and results from process to process: arrays as .npy in a private folder, the rest as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .inverse import InverseTransform
from .landmarks import Landmarks
from .reference import Reference
from .result import FusionResult
from .segmentations import Segmentations
from .volume import Grid, Volume

_ROLES = ("fixed", "moving")


def write_volume(folder: Path, key: str, volume: Volume) -> dict[str, Any]:
    """Write a volume's voxels to key.npy and return what `read_volume` needs; raises OSError."""
    np.save(folder / f"{key}.npy", volume.array)
    return {"file": f"{key}.npy", "ijk_to_ras": volume.ijk_to_ras.tolist(), "name": volume.name}


def read_volume(folder: Path, entry: dict[str, Any]) -> Volume:
    """Map a written volume into memory, read-only; raises OSError or ValueError."""
    array = np.load(folder / entry["file"], mmap_mode="r", allow_pickle=False)
    return Volume(array, np.asarray(entry["ijk_to_ras"], dtype=np.float64), entry["name"])


def write_reference(folder: Path, reference: Reference | None) -> dict[str, Any] | None:
    """Write segmentations and return what `read_reference` needs; raises OSError."""
    if reference is None:
        return None
    points, labels = reference.landmarks, reference.segmentations
    return {
        "landmarks": points and {"fixed": points.fixed.tolist(), "moving": points.moving.tolist()},
        "segmentations": labels
        and {role: write_volume(folder, f"{role}_labels", getattr(labels, role)) for role in _ROLES},
    }


def read_reference(folder: Path, entry: dict[str, Any] | None) -> Reference | None:
    """Take what `write_reference` has written; raises OSError, KeyError or ValueError."""
    if entry is None:
        return None
    points, labels = entry["landmarks"], entry["segmentations"]
    return Reference(
        points and Landmarks(*(np.asarray(points[role], dtype=np.float64) for role in _ROLES)),
        labels and Segmentations(*(read_volume(folder, labels[role]) for role in _ROLES)),
    )


def write_result(folder: Path, result: FusionResult) -> dict[str, Any]:
    """Write a result's arrays and return what `read_result` needs; raises OSError."""
    np.save(folder / "displacement.npy", result.displacement)
    if result.fused_color is not None:
        np.save(folder / "fused_color.npy", result.fused_color)
    if result.inverse is not None:
        np.save(folder / "inverse.npy", result.inverse.displacement)
    confidence = result.confidence
    return {
        "fused": write_volume(folder, "fused", result.fused),
        "aligned": write_volume(folder, "aligned", result.aligned),
        "displacement": "displacement.npy",
        "fused_color": None if result.fused_color is None else "fused_color.npy",
        "initial": result.initial.tolist(),
        "modality": result.modality,
        "inverse": None if result.inverse is None else _describe_inverse(result.inverse),
        "confidence": None if confidence is None else write_volume(folder, "confidence", confidence),
        "report": result.report,
    }


def read_result(folder: Path, entry: dict[str, Any]) -> FusionResult:
    """Map a written result into memory, read-only; raises OSError, KeyError or ValueError."""
    color, inverse, confidence = (entry[key] for key in ("fused_color", "inverse", "confidence"))
    return FusionResult(
        fused=read_volume(folder, entry["fused"]),
        aligned=read_volume(folder, entry["aligned"]),
        displacement=np.load(folder / entry["displacement"], mmap_mode="r", allow_pickle=False),
        initial=np.asarray(entry["initial"], dtype=np.float64),
        modality=entry["modality"],
        fused_color=None if color is None else np.load(folder / color, mmap_mode="r", allow_pickle=False),
        inverse=None if inverse is None else _read_inverse(folder, inverse),
        confidence=None if confidence is None else read_volume(folder, confidence),
        report=entry["report"],
    )


def _describe_inverse(inverse: InverseTransform) -> dict[str, Any]:
    return {
        "ijk_to_ras": inverse.grid.ijk_to_ras.tolist(),
        "initial": inverse.initial.tolist(),
        "mean_mm": inverse.mean_mm,
        "max_mm": inverse.max_mm,
    }


def _read_inverse(folder: Path, entry: dict[str, Any]) -> InverseTransform:
    displacement = np.load(folder / "inverse.npy", mmap_mode="r", allow_pickle=False)
    place = np.asarray(entry["ijk_to_ras"], dtype=np.float64)
    initial = np.asarray(entry["initial"], dtype=np.float64)
    grid = Grid(displacement.shape[:3], place)
    return InverseTransform(displacement, grid, initial, entry["mean_mm"], entry["max_mm"])
