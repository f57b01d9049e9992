"""Hand volumes and results from process to process: arrays as .npy in a private folder, the rest as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from .inverse import InverseTransform
from .result import FusionResult
from .steps import Steps, finish
from .volume import Grid, Volume

if TYPE_CHECKING:
    from .reference import Reference

_ROLES = ("fixed", "moving")
_FLOAT = np.dtype("<f4")
_STEP_BYTES = 4 << 20  # some milliseconds of reading or writing


def write_volume(folder: Path, key: str, volume: Volume) -> dict[str, Any]:
    """Write a volume's voxels to key.npy and return what `read_volume` needs; raises OSError."""
    return finish(writing_volume(folder, key, volume, volume.array.dtype))


def writing_volume(
    folder: Path, key: str, volume: Volume, kind: np.dtype[Any] = _FLOAT
) -> Steps[dict[str, Any]]:
    """As `write_volume`, with voxels of that kind, in steps; no file stays open between them."""
    path, array = folder / f"{key}.npy", volume.array
    with path.open("wb") as file:
        npy.write_array_header_1_0(file, {"descr": kind.str, "fortran_order": False, "shape": array.shape})
    slices = max(1, _STEP_BYTES // (4 * array[0].size))
    for start in range(0, len(array), slices):
        with path.open("ab") as file:
            file.write(np.ascontiguousarray(array[start : start + slices], dtype=kind).data)
        yield
    return {"file": path.name, "ijk_to_ras": volume.ijk_to_ras.tolist(), "name": volume.name}


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
        "names": labels and {str(label): name for label, name in labels.names.items()},
    }


def read_reference(folder: Path, entry: dict[str, Any] | None) -> Reference | None:
    """Take what `write_reference` has written; raises OSError, KeyError or ValueError."""
    from .landmarks import Landmarks
    from .reference import Reference
    from .segmentations import Segmentations

    if entry is None:
        return None
    points, labels = entry["landmarks"], entry["segmentations"]
    names = {int(label): name for label, name in (entry["names"] or {}).items()}
    return Reference(
        points and Landmarks(*(np.asarray(points[role], dtype=np.float64) for role in _ROLES)),
        labels
        and Segmentations(read_volume(folder, labels["fixed"]), read_volume(folder, labels["moving"]), names),
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
    """Read a written result into memory; raises OSError, KeyError or ValueError."""
    return finish(reading_result(folder, entry))


def reading_result(folder: Path, entry: dict[str, Any]) -> Steps[FusionResult]:
    """As `read_result`, in steps; no file stays open between them."""
    fused = yield from _reading_volume(folder, entry["fused"])
    aligned = yield from _reading_volume(folder, entry["aligned"])
    displacement = yield from _reading_array(folder / entry["displacement"])
    color, inverse, confidence = (entry[key] for key in ("fused_color", "inverse", "confidence"))
    return FusionResult(
        fused=fused,
        aligned=aligned,
        displacement=displacement,
        initial=np.asarray(entry["initial"], dtype=np.float64),
        modality=entry["modality"],
        fused_color=None if color is None else (yield from _reading_array(folder / color)),
        inverse=None if inverse is None else (yield from _reading_inverse(folder, inverse)),
        confidence=None if confidence is None else (yield from _reading_volume(folder, confidence)),
        report=entry["report"],
    )


def _describe_inverse(inverse: InverseTransform) -> dict[str, Any]:
    return {
        "ijk_to_ras": inverse.grid.ijk_to_ras.tolist(),
        "initial": inverse.initial.tolist(),
        "mean_mm": inverse.mean_mm,
        "max_mm": inverse.max_mm,
    }


def _reading_inverse(folder: Path, entry: dict[str, Any]) -> Steps[InverseTransform]:
    displacement = yield from _reading_array(folder / "inverse.npy")
    place = np.asarray(entry["ijk_to_ras"], dtype=np.float64)
    initial = np.asarray(entry["initial"], dtype=np.float64)
    grid = Grid(displacement.shape[:3], place)
    return InverseTransform(displacement, grid, initial, entry["mean_mm"], entry["max_mm"])


def _reading_volume(folder: Path, entry: dict[str, Any]) -> Steps[Volume]:
    array = yield from _reading_array(folder / entry["file"])
    return Volume(array, np.asarray(entry["ijk_to_ras"], dtype=np.float64), entry["name"])


def _reading_array(path: Path) -> Steps[NDArray[Any]]:
    """Read a .npy file; not mapped, because Windows cannot remove a file that is."""
    with path.open("rb") as file:
        npy.read_magic(file)
        shape, fortran, dtype = npy.read_array_header_1_0(file)
        begin = file.tell()
    if dtype.hasobject:
        raise ValueError(f"{path.name} holds objects")
    array = np.empty(shape, dtype, "F" if fortran else "C")
    content = array.reshape(-1, order="A").view(np.uint8)
    for start in range(0, content.size, _STEP_BYTES):
        part = content[start : start + _STEP_BYTES]
        with path.open("rb") as file:
            file.seek(begin + start)
            if file.readinto(part.data) != part.size:
                raise ValueError(f"{path.name} is too short")
        yield
    return array
