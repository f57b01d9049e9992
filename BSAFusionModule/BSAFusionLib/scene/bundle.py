"""A fusion as one file that Slicer opens, written without Slicer's desktop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError
from ..engine.quiet import quiet
from ..engine.result import FusionResult
from ..engine.volume import Volume
from .standalone import standalone_scene

if TYPE_CHECKING:
    import slicer

_TRACER_COLORS = "vtkMRMLPETProceduralColorNodePET-Heat"
_BYTES_PER_VOXEL = 4 + 4 + 3 * 8 + 3  # fused, aligned, displacement in double precision, colour
_MARGIN = 2**20  # bytes; the scene itself and the headers


def write_bundle(fixed: Volume, moving: Volume, result: FusionResult, path: Path) -> None:
    """Write a .mrb with both inputs and all results, the fused picture in front and the grid ready.

    The moving volume lies where it was scanned, beside its aligned copy. Nothing is compressed: Slicer never
    compresses the displacement, the greater part, and the rest would triple the time for a small gain.
    Takes its temporary folder beside path and removes it in every outcome; path appears only when complete.
    Raises DependencyError where slicer-core is missing, InputError where path cannot be written.
    """
    _check_place(fixed, moving, result, path)
    with standalone_scene(path.parent) as scene:
        _fill(scene, fixed, moving, result)
        partial = Path(scene.GetCacheManager().GetRemoteCacheDirectory()) / path.name
        with quiet():
            written = scene.WriteToMRB(str(partial))
        if not written:
            raise InputError(f"'{path}' cannot be written: choose another folder or make room.")
        partial.replace(path)


def _check_place(fixed: Volume, moving: Volume, result: FusionResult, path: Path) -> None:
    """Refuse a place that is too small beforehand: HDF5 brings the process down when a disk becomes full."""
    if path.suffix != ".mrb":
        raise InputError(f"'{path}' must end in .mrb: choose another name.")
    if not path.parent.is_dir():
        raise InputError(f"'{path.parent}' is not a folder: choose another place for the scene.")
    content = fixed.array.size * (4 + _BYTES_PER_VOXEL) + moving.array.size * 4
    if result.inverse is not None:
        content += 8 * result.inverse.displacement.size
    if result.confidence is not None:
        content += 4 * result.confidence.array.size
    needed = 2 * content + _MARGIN  # once as files, once in the archive
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise InputError(
            f"The scene needs {needed >> 20} MB in '{path.parent}' and {free >> 20} MB are free: "
            "make room or choose another folder."
        )


def _fill(scene: slicer.vtkMRMLScene, fixed: Volume, moving: Volume, result: FusionResult) -> None:
    """Put inputs and results into an empty scene as a user would see them."""
    from .display import show
    from .publish import publish

    inputs = result.report.get("geometry", {})
    fixed_id = _add_input(scene, fixed, inputs.get("fixed", {}))
    moving_id = _add_input(scene, moving, inputs.get("moving", {}))
    published = publish(scene, result, fixed_id, moving_id)
    show(scene, published, fixed_id)
    for node_id in [fixed_id, moving_id, *published.ids]:
        node = scene.GetNodeByID(node_id)
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetUseCompression(False)


def _add_input(scene: slicer.vtkMRMLScene, volume: Volume, known: dict[str, Any]) -> str:
    """Add a volume, shown in the window it was fused in and, as PET or SPECT, in a tracer's colours."""
    from .add_volume import add_volume

    node = add_volume(scene, volume)
    display = node.GetDisplayNode()
    if "window" in known:
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(*known["window"])
    if known.get("modality") in ("pet", "spect"):
        display.SetAndObserveColorNodeID(_TRACER_COLORS)
    return str(node.GetID())
