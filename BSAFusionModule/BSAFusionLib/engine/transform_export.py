"""A transform in the files of other programs, each with its direction stated."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .geometry import points_ras
from .quiet import quiet
from .sitk_bridge import displacement_image, ijk_to_ras
from .transform_file import map_points
from .volume import Grid

SUFFIXES = (".h5", ".tfm", ".nrrd", ".nii.gz", ".nii")
_ITK = (".h5", ".tfm")
_INTENT = 68  # byte of a NIfTI-1 header
_DISPLACEMENT, _VECTOR = 1006, 1007
_FLIP = np.array([-1.0, -1.0, 1.0])


def export_transform(
    transform: sitk.Transform, grid: Grid | None, path: Path, inverse: bool = False, ras: bool = False
) -> str:
    """Write a transform, and beside it a .json that states its direction; returns the direction in words.

    transform: from fixed to moving points, LPS mm. grid: where displacements are sampled: the fixed volume's,
    with inverse the moving one's; None for the grid that the transform holds. path: .h5 or .tfm, an ITK
    transform; .nrrd, a displacement field of Slicer's type "resampling"; .nii or .nii.gz, vectors in LPS with
    intent 1007, as ITK and ANTs write, or with ras in RAS with intent 1006, the NIfTI standard's. All in mm.
    Raises InputError where no grid is known or the name ends otherwise, OSError or RuntimeError from writing.
    """
    if _suffix(path) in _ITK and not inverse:
        with quiet():
            sitk.WriteTransform(transform, str(path))
    else:
        field = sample(transform, grid or grid_of(transform, inverse), inverse)
        write_field(field, path, ras)
    return write_note(path, inverse, ras)


def write_note(path: Path, inverse: bool, ras: bool) -> str:
    """Write the .json beside a transform's file; returns the direction in words."""
    sides = ("moving", "fixed") if inverse else ("fixed", "moving")
    words = f"from points of the {sides[0]} volume to points of the {sides[1]} one"
    frame = "RAS" if ras and path.name.lower().endswith((".nii", ".nii.gz")) else "LPS"
    note = {
        "maps": words,
        "use": f"resamples the {sides[1]} volume onto the grid of the {sides[0]} one",
        "frame": frame,
        "unit": "mm",
    }
    sidecar(path).write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    return words


def sidecar(path: Path) -> Path:
    """The file beside a transform that states its direction."""
    return path.with_name(path.name + ".json")


def sample(transform: sitk.Transform, grid: Grid, inverse: bool = False) -> sitk.Image:
    """The displacements of a transform, or of its inverse, at a grid's voxels; vector float64, LPS mm."""
    points = points_ras(grid)
    moved = map_points(transform, points.reshape(-1, 3), inverse).reshape(points.shape)
    return displacement_image(moved - points, grid)


def grid_of(transform: sitk.Transform, inverse: bool = False) -> Grid:
    """The grid of the displacement field that a transform holds; raises InputError where it holds none."""
    if not inverse:
        for part in _parts(transform):
            if part.GetName() == "DisplacementFieldTransform":
                image = sitk.DisplacementFieldTransform(part).GetDisplacementField()
                columns, rows, slices = image.GetSize()
                return Grid((slices, rows, columns), ijk_to_ras(image))
    side = "moving" if inverse else "fixed"
    raise InputError(f"Displacements need a grid: give the {side} volume with --reference.")


def _parts(transform: sitk.Transform) -> list[sitk.Transform]:
    transform = transform.Downcast()
    if transform.GetName() != "CompositeTransform":
        return [transform]
    return [transform.GetNthTransform(n).Downcast() for n in range(transform.GetNumberOfTransforms())]


def _suffix(path: Path) -> str:
    suffix = next((each for each in SUFFIXES if path.name.lower().endswith(each)), None)
    if suffix is None:
        raise InputError(f"'{path.name}' must end in {', '.join(SUFFIXES)}: choose another name.")
    return suffix


def write_field(field: sitk.Image, path: Path, ras: bool = False) -> None:
    """Write displacements, vector float64, LPS mm, as export_transform does; raises as it does."""
    suffix = _suffix(path)
    with quiet():
        if suffix in _ITK:
            sitk.WriteTransform(sitk.DisplacementFieldTransform(field), str(path))
        elif suffix == ".nrrd":
            field.SetMetaData("displacement field type", "resampling")
            sitk.WriteImage(field, str(path), True, compressionLevel=1)
        elif ras:
            _write_standard_nifti(field, path, suffix)
        else:
            sitk.WriteImage(field, str(path), suffix.endswith("gz"))


def _write_standard_nifti(field: sitk.Image, path: Path, suffix: str) -> None:
    """RAS components with the intent DISPVECT; SimpleITK writes LPS with the intent VECTOR only."""
    turned = sitk.GetImageFromArray(sitk.GetArrayViewFromImage(field) * _FLIP, isVector=True)
    turned.CopyInformation(field)
    plain = path.with_name(f"{path.name}.plain.nii")
    try:
        sitk.WriteImage(turned, str(plain))
        content = bytearray(plain.read_bytes())
    finally:
        plain.unlink(missing_ok=True)
    assert struct.unpack_from("<h", content, _INTENT)[0] == _VECTOR
    struct.pack_into("<h", content, _INTENT, _DISPLACEMENT)
    path.write_bytes(gzip.compress(content, 1) if suffix.endswith("gz") else content)
