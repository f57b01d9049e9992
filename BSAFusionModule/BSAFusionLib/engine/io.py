"""Volumes, fields and transforms in files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .dicom import choose_series, list_series, read_series
from .errors import BSAFusionError, GeometryError, InputError
from .headers import check_content, check_header
from .inverse import InverseTransform
from .quiet import quiet
from .resample import inverse_transform, total_transform
from .sitk_bridge import displacement_image, from_sitk, place, sitk_affine, to_sitk
from .volume import Grid, Volume

_MOST_LABELS = 20
_LARGEST_LABEL = 1000
_COMPRESSION_LEVEL = 1  # a field shrinks as much as at level 9, in a fifth of the time
_COMPLEX = (sitk.sitkComplexFloat32, sitk.sitkComplexFloat64)


def read_volume(path: str | Path, series: str | None = None) -> Volume:
    """Read a scalar volume: NRRD, NIfTI, MetaImage, or a folder that holds one DICOM series.

    series: UID of the DICOM series wanted, where the folder holds several.
    The volume is named after the file or folder, never after the patient.
    Raises InputError or GeometryError where the file cannot be used.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"'{path}' does not exist: check the path.")
    if path.is_dir():
        return from_sitk(read_series(path, series), path.resolve().name)
    image = read_image(path)
    volume = from_sitk(image, _stem(path))
    labels = _count_labels(volume.array)
    if labels:
        raise InputError(
            f"'{path}' looks like a segmentation, it holds only {labels} whole numbers: "
            "choose a grey-level image."
        )
    return volume


def read_labels(path: str | Path) -> Volume:
    """Read a label map, whole numbers with 0 as the background: NRRD (also .seg.nrrd), NIfTI or MetaImage.

    Raises InputError or GeometryError where the file cannot be used.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"'{path}' is not a file: give the label map of a segmentation.")
    volume = from_sitk(read_image(path), path.name.removesuffix(".gz").split(".", 1)[0])
    if (volume.array % 1 != 0).any():
        raise InputError(f"'{path}' holds fractions, which are no labels: choose a label map.")
    return volume


def check_file(path: Path, series: str | None = None) -> None:
    """Refuse from headers alone what read_volume would refuse; a DICOM folder must hold the series.

    Raises InputError or GeometryError. Voxels are not read: they may still turn out to be missing.
    """
    if not path.exists():
        raise InputError(f"'{path}' does not exist: check the path.")
    if path.is_dir():
        choose_series(path, list_series(path), series)
    else:
        with _explaining(path):
            _open(path)


def write_volume(volume: Volume, path: str | Path) -> None:
    """Write a volume as compressed NRRD, float32; the file appears complete or not at all.

    Raises InputError where path is not .nrrd or cannot be written.
    """
    _write_image(to_sitk(volume), path)


def write_color(rgb: NDArray[np.uint8], grid: Grid, path: str | Path) -> None:
    """Write a colour volume, uint8, (K, J, I, 3), as compressed NRRD; errors as in write_volume."""
    _write_image(place(sitk.GetImageFromArray(rgb, isVector=True), grid), path)


def write_displacement(displacement: NDArray[np.floating], grid: Grid, path: str | Path) -> None:
    """Write u, (K, J, I, 3), mm, RAS components, as the vector NRRD that ITK calls a displacement field.

    In the file the components are LPS mm and double precision: the vector at a fixed voxel leads to the point
    that the initial alignment then maps into the moving volume. SimpleITK.DisplacementFieldTransform takes
    the image as it is read. Errors as in write_volume.
    """
    _write_image(displacement_image(displacement, grid), path)


def write_transform(
    displacement: NDArray[np.floating], grid: Grid, initial: NDArray[np.float64], path: str | Path
) -> None:
    """Write the total transform as HDF5 (.h5), double precision; errors as in write_volume.

    displacement: u, (K, J, I, 3), mm, RAS components; initial: 4 x 4, RAS mm, applied after u.
    SimpleITK.ReadTransform gives a composite transform from fixed LPS points to moving LPS points.
    """
    _write_composite(total_transform(displacement, grid, sitk_affine(initial)), displacement.size, path)


def write_inverse(inverse: InverseTransform, path: str | Path) -> None:
    """Write the way back as HDF5 (.h5), double precision; errors as in write_volume.

    SimpleITK.ReadTransform gives a composite transform from moving LPS points to fixed LPS points.
    """
    field = inverse.displacement
    _write_composite(inverse_transform(field, inverse.grid, sitk_affine(inverse.initial)), field.size, path)


def _write_composite(transform: sitk.CompositeTransform, numbers: int, path: str | Path) -> None:
    with _complete(Path(path), ".h5") as partial:
        _reserve(partial, 8 * numbers + (1 << 16))
        sitk.WriteTransform(transform, str(partial))


def read_image(path: Path, layers: bool = False) -> sitk.Image:
    """Read the file of one image, LPS mm, its numbers in their own type.

    layers: a voxel may hold several values, as a segmentation whose segments overlap.
    Raises InputError or GeometryError where the file cannot be used.
    """
    with _explaining(path):
        reader = _open(path, layers)
        check_content(path)
        return reader.Execute()


def _open(path: Path, layers: bool = False) -> sitk.ImageFileReader:
    """A reader that has read the header; layers as in read_image."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    check_header(path)
    reader.ReadImageInformation()
    _check_kind(path, reader, layers)
    return reader


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Turn the libraries' errors about a file into sentences."""
    try:
        with quiet():
            yield
    except RuntimeError as error:
        raise _explained(path, str(error)) from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}): check its permissions.") from error


def _check_kind(path: Path, reader: sitk.ImageFileReader, layers: bool) -> None:
    size = " x ".join(str(n) for n in reader.GetSize())
    if reader.GetPixelID() in _COMPLEX:
        raise InputError(f"'{path}' holds complex numbers: store their magnitude.")
    if reader.GetNumberOfComponents() > 1 and not layers:
        count = reader.GetNumberOfComponents()
        raise InputError(f"'{path}' has {count} values per voxel: choose a grey-level image.")
    if reader.GetDimension() != 3:
        raise InputError(
            f"'{path}' has {reader.GetDimension()} dimensions ({size}): choose one volume, with 3 dimensions."
        )


def _explained(path: Path, details: str) -> BSAFusionError:
    if "determine ImageIO" in details:
        return InputError(
            f"'{path}' is not an image that can be read: use NRRD, NIfTI, MetaImage or a DICOM folder.",
            details,
        )
    if "orthonormal" in details or "determinant" in details:
        return GeometryError(
            f"'{path}' is sheared, its axes are not at right angles: resample it onto a rectangular grid.",
            details,
        )
    if "spacing" in details:
        return GeometryError(
            f"'{path}' has a spacing of zero: each must be above zero, so correct it.", details
        )
    return InputError(f"'{path}' is damaged or cut short: copy it again.", details)


def _count_labels(array: NDArray[np.float32]) -> int:
    """Number of labels of a segmentation; 0 for an image."""
    values = np.unique(array.ravel()[:: max(1, array.size // 100_000)])
    if values.size <= _MOST_LABELS:
        values = np.unique(array)
    few = 1 < values.size <= _MOST_LABELS
    return values.size if few and (values % 1 == 0).all() and np.ptp(values) <= _LARGEST_LABEL else 0


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rsplit(".", 1)[0] or path.name


def _write_image(image: sitk.Image, path: str | Path) -> None:
    with _complete(Path(path), ".nrrd") as partial:
        sitk.WriteImage(image, str(partial), True, compressionLevel=_COMPRESSION_LEVEL)


@contextmanager
def _complete(path: Path, suffix: str) -> Iterator[Path]:
    """Give a temporary name beside path; rename it when the block has succeeded, remove it when not."""
    if path.suffix != suffix:
        raise InputError(f"'{path}' must end in {suffix}: choose another name.")
    partial = path.with_name(f".{uuid4().hex}{suffix}")
    try:
        with quiet():
            yield partial
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"'{path}' cannot be written ({_reason(path, error)}): choose another folder or make room.",
            str(error),
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _reserve(path: Path, size: int) -> None:
    """Fill a file to its size in advance: HDF5 brings the process down when a disk becomes full under it."""
    block = bytes(1 << 20)
    with path.open("wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
        file.flush()
        os.fsync(file.fileno())


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if not path.parent.is_dir():
        return "there is no such folder"
    if not os.access(path.parent, os.W_OK):
        return "the folder is read-only"
    return f"{shutil.disk_usage(path.parent).free / 2**20:.0f} MB free"
