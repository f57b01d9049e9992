"""One DICOM series as one volume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .errors import GeometryError, InputError
from .quiet import quiet

_DESCRIPTION, _MODALITY = "0008|103e", "0008|0060"
_POSITION, _ORIENTATION = "0020|0032", "0020|0037"
_UNEVEN = 0.05  # of the usual distance between slices
_PARALLEL = 1e-3


@dataclass(frozen=True)
class Series:
    """A DICOM series in a folder: UID, description, modality (MR, CT, PT, ...) and its files."""

    uid: str
    description: str
    modality: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        kind = f"{self.description or 'no description'}, {self.modality or 'unknown modality'}"
        return f"{self.uid} ({kind}, {len(self.files)} files)"


def list_series(folder: Path) -> list[Series]:
    """Find the DICOM series whose files lie in folder itself, in the order of their UIDs."""
    with quiet():
        uids = sorted(sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)))
        return [_series(folder, uid) for uid in uids]


def read_series(folder: Path, uid: str | None = None) -> sitk.Image:
    """Read one series as a float32 image in LPS mm, sorted by position, rescaled slice by slice.

    uid: the series wanted; needed only where the folder holds several.
    Raises InputError where no series can be chosen or read, GeometryError where slices are missing, doubled,
    unevenly spaced or not parallel.
    """
    series = choose_series(folder, list_series(folder), uid)
    with quiet():
        try:
            if len(series.files) == 1:
                return _read_frames(folder, series.files[0])
            reader = sitk.ImageSeriesReader()
            reader.SetFileNames(_sorted_files(folder, series))
            # float from the start: the first slice of a PET may be rescaled to whole numbers, the next not
            reader.SetOutputPixelType(sitk.sitkFloat32)
            return reader.Execute()
        except RuntimeError as error:
            raise InputError(
                f"'{folder}' holds a DICOM series that cannot be read: export it again.", str(error)
            ) from error


def choose_series(folder: Path, found: list[Series], uid: str | None) -> Series:
    """The series with this UID, or the only one that was found in folder; InputError where there is none."""
    if not found:
        raise InputError(f"'{folder}' holds no DICOM images: choose the folder that their files lie in.")
    chosen = [series for series in found if uid in (None, series.uid)]
    if len(chosen) == 1:
        return chosen[0]
    listing = "; ".join(str(series) for series in found)
    if not chosen:
        raise InputError(f"'{folder}' holds no series {uid}: choose one of {listing}.")
    raise InputError(
        f"'{folder}' holds {len(found)} DICOM series: give the folder of one, or name one with "
        f"--fixed-series or --moving-series: {listing}."
    )


def _series(folder: Path, uid: str) -> Series:
    files = tuple(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid))
    header = _header(files[0])
    return Series(uid, _text(header, _DESCRIPTION), _text(header, _MODALITY), files)


def _read_frames(folder: Path, file: str) -> sitk.Image:
    image = sitk.ReadImage(file, sitk.sitkFloat32)
    if image.GetDimension() != 3 or image.GetSize()[2] < 2:
        raise InputError(f"'{folder}' holds a DICOM series of one slice: at least 2 slices are needed.")
    return image


def _sorted_files(folder: Path, series: Series) -> list[str]:
    """Order the files along the normal of their slices; GDCM gives up on doubled slices."""
    headers = [_header(file) for file in series.files]
    if any(header.GetNumberOfComponents() > 1 for header in headers):
        raise InputError(f"'{folder}' holds colour pictures: choose a series with one grey level per pixel.")
    orientations = np.array([_numbers(header, _ORIENTATION, 6) for header in headers])
    positions = np.array([_numbers(header, _POSITION, 3) for header in headers])
    if np.abs(orientations - orientations[0]).max() > _PARALLEL:
        raise GeometryError(
            f"'{folder}' holds {len(headers)} slices that are not parallel, such as a localizer: "
            "choose another series."
        )
    normal = np.cross(orientations[0, :3], orientations[0, 3:])
    heights = positions @ normal
    _check_distances(folder, np.diff(np.sort(heights)))
    return [series.files[n] for n in np.argsort(heights)]


def _check_distances(folder: Path, distances: NDArray[np.float64]) -> None:
    count = distances.size + 1
    usual = float(np.median(distances))
    doubled = int((distances < _UNEVEN * usual).sum()) if usual > 0 else distances.size
    if doubled:
        raise GeometryError(
            f"'{folder}' holds {doubled} of {count} slices at the place of another, as a time series does: "
            "export one time point or echo."
        )
    missing = int(np.rint(distances / usual - 1).sum())
    if missing > 0:
        raise GeometryError(
            f"'{folder}' lacks {missing} of {count + missing} slices, neighbours are up to "
            f"{distances.max():.2f} mm apart instead of {usual:.2f} mm: export the series again."
        )
    if np.abs(distances - usual).max() > _UNEVEN * usual:
        raise GeometryError(
            f"'{folder}' has uneven slice distances, {distances.min():.2f} to {distances.max():.2f} mm: "
            "resample it to even ones first."
        )


def _header(file: str) -> sitk.ImageFileReader:
    reader = sitk.ImageFileReader()
    reader.SetFileName(file)
    reader.ReadImageInformation()
    return reader


def _text(header: sitk.ImageFileReader, tag: str) -> str:
    return str(header.GetMetaData(tag)).strip() if header.HasMetaDataKey(tag) else ""


def _numbers(header: sitk.ImageFileReader, tag: str, count: int) -> list[float]:
    words = _text(header, tag).split("\\")
    if len(words) != count:
        raise GeometryError(
            "A DICOM slice does not say where it lies in the patient: export the series again."
        )
    return [float(word) for word in words]
