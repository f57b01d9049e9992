"""What all exported DICOM images have in common: patient, study, place, origin."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from .dicom_source import SourceSeries
from .volume import Grid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
_PATIENT_MORE = ("PatientAge", "PatientWeight", "PatientSize")
_STUDY = ("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID")
_STUDY_MORE = ("StudyInstanceUID", "StudyDescription", *_PATIENT_MORE)
_FLIP = np.array([-1.0, -1.0, 1.0])  # RAS to LPS
_NAME = "BSAFusion"


@dataclass(frozen=True)
class Export:
    """One export: the series it comes from, and what its new series share.

    note: a sentence about how far the alignment can be trusted, for the comments of each image.
    """

    fixed: SourceSeries
    moving: SourceSeries
    note: str = ""
    study_uid: str = field(default_factory=lambda: _new_uid())
    frame_uid: str = field(default_factory=lambda: _new_uid())
    now: datetime.datetime = field(default_factory=datetime.datetime.now)


def new_series(export: Export, number: int, description: str) -> Dataset:
    """Begin a series: patient, study and frame of reference of the fixed series, a new series UID."""
    from pydicom.dataset import Dataset

    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (*_PATIENT, *_STUDY):
        setattr(dataset, keyword, "")
    dataset.StudyInstanceUID = export.study_uid
    for source in (export.moving, export.fixed):  # the fixed series has the last word
        source.take(dataset, (*_PATIENT, *_STUDY, *_STUDY_MORE))
    dataset.FrameOfReferenceUID = export.fixed.get("FrameOfReferenceUID", export.frame_uid)
    dataset.PositionReferenceIndicator = export.fixed.get("PositionReferenceIndicator", "")
    dataset.SeriesInstanceUID = _new_uid()
    dataset.SeriesNumber = number
    dataset.SeriesDescription = description[:64]
    dataset.PatientPosition = export.fixed.get("PatientPosition", "")
    dataset.Laterality = ""
    dataset.SeriesDate, dataset.SeriesTime = _date(export), _time(export)
    dataset.ContentDate, dataset.ContentTime = _date(export), _time(export)
    dataset.InstanceCreationDate, dataset.InstanceCreationTime = _date(export), _time(export)
    dataset.Manufacturer = dataset.ManufacturerModelName = _NAME
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = __version__
    dataset.ImageComments = f"For display only, not for diagnosis. {export.note}".strip()[:10240]
    return dataset


def describe_derivation(dataset: Dataset, text: str, codes: list[Any], sources: list[SourceSeries]) -> None:
    """Say how an image was made and from which images."""
    from pydicom.sr.codedict import codes as known

    dataset.DerivationDescription = text
    dataset.DerivationCodeSequence = [code_item(code) for code in codes]
    referenced = []
    for header in (header for source in sources for header in source.headers):
        item = _reference(header)
        item.PurposeOfReferenceCodeSequence = [code_item(known.DCM.SourceImageForImageProcessingOperation)]
        referenced.append(item)
    if referenced:
        dataset.SourceImageSequence = referenced


def refer_to_series(dataset: Dataset, sources: list[SourceSeries]) -> None:
    """List the series that an image refers to, by study."""
    from pydicom.dataset import Dataset

    other_studies: dict[str, list[Dataset]] = {}
    own: list[Dataset] = []
    for source in (source for source in sources if source.headers):
        item = Dataset()
        item.SeriesInstanceUID = source.get("SeriesInstanceUID")
        item.ReferencedInstanceSequence = [_reference(header) for header in source.headers]
        study = str(source.get("StudyInstanceUID"))
        if study == str(dataset.StudyInstanceUID):
            own.append(item)
        else:
            other_studies.setdefault(study, []).append(item)
    if own:
        dataset.ReferencedSeriesSequence = own
    if other_studies:
        dataset.StudiesContainingOtherReferencedInstancesSequence = [
            _study(uid, items) for uid, items in other_studies.items()
        ]


def upright(array: NDArray[Any], grid: Grid) -> tuple[NDArray[Any], Grid]:
    """Turn rows and columns as viewers show them, who draw pixels as they are stored: no value changes.

    array: (K, J, I) or (K, J, I, 3). Columns then lead to the left or the back, rows to the back or the feet.
    """
    ijk_to_ras = grid.ijk_to_ras.copy()
    for axis in (0, 1):
        direction = grid.direction[:, axis]
        major = int(np.abs(direction).argmax())
        if direction[major] > 0:  # to the right, the front or the head
            count = grid.shape[2 - axis]
            ijk_to_ras[:3, 3] += ijk_to_ras[:3, axis] * (count - 1)
            ijk_to_ras[:3, axis] *= -1
            array = np.flip(array, axis=2 - axis)
    return array, Grid(grid.shape, ijk_to_ras)


def place_slice(dataset: Dataset, grid: Grid, k: int) -> None:
    """Say where slice k of a grid lies, LPS mm."""
    i_axis, j_axis = (_FLIP * grid.direction.T).tolist()[:2]
    i_mm, j_mm, k_mm = grid.spacing.tolist()
    position = _FLIP * (grid.ijk_to_ras @ [0, 0, k, 1])[:3]
    dataset.ImageOrientationPatient = [decimal(x) for x in (*i_axis, *j_axis)]
    dataset.ImagePositionPatient = [decimal(x) for x in position.tolist()]
    dataset.PixelSpacing = [decimal(j_mm), decimal(i_mm)]
    dataset.SliceThickness = decimal(k_mm)
    dataset.SpacingBetweenSlices = decimal(k_mm)
    dataset.PatientOrientation = [_toward(axis) for axis in (i_axis, j_axis)]
    normal = np.cross(i_axis, j_axis)
    dataset.SliceLocation = decimal(float(normal @ position))


def write(dataset: Dataset, sop_class: str, number: int, path: Any) -> None:
    """Finish an image and write it; raises OSError."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    dataset.SOPClassUID = UID(sop_class)
    dataset.SOPInstanceUID = _new_uid()
    dataset.InstanceNumber = number
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationVersionName = _NAME.upper()
    dataset.file_meta = meta
    if int(pydicom.__version__.split(".")[0]) > 2:
        dataset.save_as(path, enforce_file_format=True)
    else:  # Slicer 5.10 brings 2.4 along
        dataset.is_little_endian, dataset.is_implicit_VR = True, False
        dataset.save_as(path, write_like_original=False)


def code_item(code: Any) -> Dataset:
    """A code as an item of a sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = (
        code.value,
        code.scheme_designator,
        code.meaning,
    )
    return item


def decimal(value: float) -> Any:
    """A number within the 16 characters that DICOM has for it."""
    from pydicom.valuerep import DSfloat

    return DSfloat(0.0 if abs(value) < 1e-12 else value, auto_format=True)


def _toward(axis: list[float]) -> str:
    """The patient's side that an LPS direction leads to: L or R, P or A, H or F."""
    number = int(np.abs(axis).argmax())
    return ("LR", "PA", "HF")[number][0 if axis[number] > 0 else 1]


def _reference(header: Dataset) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    return item


def _study(uid: str, series: list[Dataset]) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.StudyInstanceUID = uid
    item.ReferencedSeriesSequence = series
    return item


def _new_uid() -> str:
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=None))


def _date(export: Export) -> str:
    return export.now.strftime("%Y%m%d")


def _time(export: Export) -> str:
    return export.now.strftime("%H%M%S")
