"""A fusion's results out of the scene: the transform for other programs, and DICOM series."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util
import vtk

from ..engine.color_file import grey_bytes
from ..engine.dicom_export import ExportedResults, export_dicom, verdict_words
from ..engine.dicom_source import SourceSeries, read_source, require_pydicom
from ..engine.errors import InputError
from ..engine.geometry import points_ras
from ..engine.quiet import quiet
from ..engine.sitk_bridge import displacement_image
from ..engine.transform_export import sidecar, write_field, write_note
from ..engine.volume import Volume
from .carry import reference_of
from .fusion_nodes import FusionNodes
from .read import node_grid, read_volume
from .vtk_bridge import transformed, voxels

FORMATS = (".nrrd", ".nii.gz", ".h5")
FilesOf = Callable[[slicer.vtkMRMLNode], Iterable[Path]]
"""The DICOM files that a volume was loaded from; none where it was not."""

_VERDICT = "BSAFusion.Verdict"
_UNITS = {"SUV": "suv", "Bq": "bqml"}


def export_transform_node(
    transform: slicer.vtkMRMLTransformNode, folder: Path, suffix: str, ras: bool = False
) -> Path:
    """Write a transform from fixed to moving points into folder, under its name; returns the file.

    suffix: .h5, as Slicer writes it; .nrrd or .nii.gz, displacements at the fixed volume's voxels. A .json
    beside it states the direction. ras: NIfTI vectors in RAS with intent 1006, not in LPS with 1007.
    Raises InputError where the fixed volume is not known, files exist, or nothing can be written.
    """
    fixed = reference_of(transform, inverse=False)
    if suffix != ".h5" and fixed is None:
        raise InputError(f"The fixed volume of '{transform.GetName()}' is not in the scene: export .h5.")
    with _published(folder) as private:
        target = private / f"{_file_name(transform.GetName())}{suffix}"
        if suffix == ".h5":
            _write_with_slicer(transform, target)
        else:
            write_field(_displacements(transform, fixed), target, ras)
        write_note(target, inverse=False, ras=ras)
        for file in (target, sidecar(target)):
            if (folder / file.name).exists():
                raise InputError(f"'{folder / file.name}' exists: choose another folder.")
    return folder / target.name


def export_fusion(
    fusion: FusionNodes, folder: Path, files_of: FilesOf, units: str = "auto"
) -> dict[str, int]:
    """Write the aligned volume and the fused picture as DICOM into folder; returns how many files each has.

    files_of: where the inputs came from. units: one of config.PET_UNITS; auto takes what the aligned volume's
    node says, else what the moving series says. Raises as engine.dicom_export.export_dicom does.
    """
    require_pydicom()
    aligned, picture = fusion.get("aligned"), fusion.get("color") or fusion.get("fused")
    base = aligned or picture
    if base is None or {"fixed", "moving"} - fusion.inputs.keys():
        raise InputError("The fusion's aligned volume and picture are not in the scene: fuse again.")
    results = ExportedResults(
        aligned=None if aligned is None else read_volume(aligned),
        fused=None if picture is None else _bytes(picture),
        grid_of=Volume(np.zeros(node_grid(base).shape, np.float32), node_grid(base).ijk_to_ras),
        modality=str(fusion.inputs["moving"]["modality"]),
        fixed_modality=str(fusion.inputs["fixed"]["modality"]),
        window=tuple(fusion.inputs["moving"]["window"]),
        verdict=verdict_words(json.loads(base.GetAttribute(_VERDICT) or "{}")),
    )
    chosen = _units(fusion.moving) if units == "auto" else units
    fixed, moving = _source(fusion.fixed, files_of), _source(fusion.moving, files_of)
    for name in ("aligned", "fused"):
        if (folder / name).exists():
            raise InputError(f"'{folder / name}' exists: choose another folder.")
    with _published(folder) as private:
        return export_dicom(results, private, fixed, moving, chosen)


def _source(node: slicer.vtkMRMLNode | None, files_of: FilesOf) -> SourceSeries:
    return SourceSeries() if node is None else read_source(files_of(node))


def _units(moving: slicer.vtkMRMLScalarVolumeNode | None) -> str:
    """What the moving volume's node says of its values; auto where it says nothing."""
    entry = None if moving is None else moving.GetVoxelValueUnits()
    said = "" if entry is None else f"{entry.GetCodeValue()} {entry.GetCodeMeaning()}"
    return next((unit for word, unit in _UNITS.items() if word in said), "auto")


def _bytes(picture: slicer.vtkMRMLVolumeNode) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = picture.GetImageData()
    if image.GetNumberOfScalarComponents() == 1:
        return grey_bytes(voxels(image))  # type: ignore[arg-type]
    return np.asarray(slicer.util.arrayFromVolume(picture), np.uint8)


def _displacements(transform: slicer.vtkMRMLTransformNode, fixed: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    from_world = vtk.vtkGeneralTransform()
    transform.GetTransformFromWorld(from_world)
    grid = node_grid(fixed)
    points = points_ras(grid)
    moved = transformed(points.reshape(-1, 3), from_world).reshape(points.shape)
    return displacement_image(moved - points, grid)


def _write_with_slicer(transform: slicer.vtkMRMLTransformNode, target: Path) -> None:
    storage = slicer.vtkMRMLTransformStorageNode()
    storage.SetScene(transform.GetScene())
    storage.SetFileName(str(target))
    with quiet():
        if not storage.WriteData(transform):
            raise InputError(f"'{target.name}' cannot be written: make room or choose another folder.")


def _file_name(name: str) -> str:
    """A name without characters that file systems refuse."""
    return "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in name).strip()


@contextmanager
def _published(folder: Path) -> Iterator[Path]:
    """Yield a private folder whose content moves into folder when the block has succeeded."""
    if not folder.is_dir():
        raise InputError(f"'{folder}' is not a folder: choose one that exists.")
    private: Path | None = None
    try:
        private = Path(tempfile.mkdtemp(prefix=".bsafusion-", dir=folder))
        yield private
        for part in sorted(private.iterdir()):
            part.replace(folder / part.name)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "no room or no permission"
        raise InputError(
            f"Nothing can be written to '{folder}' ({reason}): choose another folder.", str(error)
        ) from error
    finally:
        if private is not None:
            shutil.rmtree(private, ignore_errors=True)
