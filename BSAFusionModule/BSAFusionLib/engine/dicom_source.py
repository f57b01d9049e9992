"""What a DICOM export takes over from the series that were fused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import DependencyError, InputError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MODALITIES = {"ct": "CT", "mr": "MR", "pet": "PT", "spect": "NM"}


@dataclass(frozen=True)
class SourceSeries:
    """The headers of one series, without pixels; empty where nothing is known.

    headers: one for each file, of one series and one patient.
    """

    headers: Sequence[Dataset] = field(default_factory=tuple)

    def get(self, keyword: str, default: Any = None) -> Any:
        """A value of the first header, default where it is missing or empty."""
        value = self.headers[0].get(keyword) if self.headers else None
        return default if value is None or value == "" else value

    def take(self, dataset: Dataset, keywords: Iterable[str]) -> None:
        """Copy those attributes that are there."""
        for keyword in keywords:
            value = self.get(keyword)
            if value is not None:
                setattr(dataset, keyword, str(value) if keyword == "PatientName" else value)


def require_pydicom() -> None:
    """Raise DependencyError where pydicom or Pillow, which Slicer brings along, is missing."""
    try:
        import PIL  # noqa: F401
        import pydicom  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            f"DICOM files need the package {error.name}, which is missing: install bsafusion[dicom].",
            str(error),
        ) from error


def read_source(paths: Iterable[Path]) -> SourceSeries:
    """Read the headers of DICOM files, which must be of one series; raises InputError where they are not."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    headers = []
    for path in sorted(paths):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except (InvalidDicomError, OSError):
            continue
        if "SeriesInstanceUID" in header and "Rows" in header:
            headers.append(header)
    series = {str(header.SeriesInstanceUID) for header in headers}
    if len(series) > 1:
        raise InputError(f"The DICOM files are of {len(series)} series: give the folder of one.")
    return SourceSeries(headers)


def read_source_folder(folder: Path | None) -> SourceSeries:
    """Read the series of a folder; nothing for None. Raises InputError where there is none, or several."""
    if folder is None:
        return SourceSeries()
    if not folder.is_dir():
        raise InputError(f"'{folder}' is not a folder: give one that holds a DICOM series.")
    found = read_source(path for path in folder.iterdir() if path.is_file())
    if not found.headers:
        raise InputError(f"'{folder}' holds no DICOM images: choose the folder that their files lie in.")
    return found


def check_sources(fixed: SourceSeries, moving: SourceSeries, modality: str) -> None:
    """Refuse two patients, and a moving series of another modality (mr, ct, pet, spect): InputError."""
    patients = [series.get("PatientID") for series in (fixed, moving)]
    if None not in patients and patients[0] != patients[1]:
        raise InputError("The two DICOM series are of two patients: choose the series that were fused.")
    kind = moving.get("Modality")
    if kind is not None and kind != MODALITIES[modality]:
        raise InputError(
            f"The moving DICOM series is {kind}, but the aligned volume was taken for "
            f"{MODALITIES[modality]}: choose the series that was fused."
        )
