"""The aligned volume as a DICOM series of its own modality."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .dicom_common import (
    Export,
    decimal,
    describe_derivation,
    new_series,
    place_slice,
    refer_to_series,
    upright,
    write,
)
from .dicom_pixels import Stored, encode
from .dicom_source import MODALITIES
from .volume import Grid, Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_UNITS = {"suv": "GML", "bqml": "BQML", "counts": "CNTS", "none": "NONE"}
_CT = ("KVP", "AcquisitionNumber", "ConvolutionKernel", "GantryDetectorTilt", "ReconstructionDiameter")
_MR = (
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "MRAcquisitionType",
    "RepetitionTime",
    "EchoTime",
    "EchoTrainLength",
    "InversionTime",
    "MagneticFieldStrength",
    "FlipAngle",
)
_PT = (
    "CountsSource",
    "CorrectedImage",
    "RandomsCorrectionMethod",
    "AttenuationCorrectionMethod",
    "ScatterCorrectionMethod",
    "DecayCorrection",
    "ReconstructionMethod",
    "CollimatorType",
    "RadiopharmaceuticalInformationSequence",
    "SUVType",
    "FrameReferenceTime",
    "ActualFrameDuration",
    "DecayFactor",
    "SeriesDate",  # what decay is counted from
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "PatientWeight",
    "PatientSize",
)
_NM = ("CountsAccumulated", "ReconstructionMethod", "RadiopharmaceuticalInformationSequence")


def write_aligned(
    volume: Volume,
    modality: str,
    window: tuple[float, float],
    units: str,
    export: Export,
    folder: Path,
    names: tuple[str, str],
) -> int:
    """Write the aligned volume, one file a slice (one in all for SPECT); returns the number of files.

    modality: mr, ct, pet or spect. window: values that a viewer shall show as black and white.
    units: of PET, one of config.PET_UNITS; auto takes those of the moving series.
    names: what the moving and the fixed volume are called.
    Values are kept by a rescale slope and intercept, to half a step of 16 bits over their range.
    """
    from pydicom.sr.codedict import codes

    dataset = new_series(export, 9001, f"{names[0]} aligned to {names[1]}, display only")
    dataset.Modality = MODALITIES[modality]
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.AcquisitionNumber = None
    text = "Resampled once onto the grid of the fixed series through a deformable registration"
    sources = [export.moving, export.fixed]
    describe_derivation(dataset, text, [codes.DCM.SpatialResampling], sources)
    refer_to_series(dataset, sources)
    array, grid = upright(volume.array, volume.grid)
    stored = encode(array, modality)
    stored.describe(dataset)
    low, high = window
    dataset.WindowCenter, dataset.WindowWidth = decimal((low + high) / 2), decimal(max(high - low, 1e-3))
    sop_class, fill = _kind(modality)
    fill(dataset, export, grid.shape[0], units)
    write_all = _write_frames if modality == "spect" else _write_slices
    return write_all(dataset, grid, stored, sop_class, folder)


def _kind(modality: str) -> tuple[str, Callable[[Dataset, Export, int, str], None]]:
    """The SOP class of a modality, and what fills in its own attributes."""
    from pydicom import uid

    kinds: dict[str, tuple[str, Callable[[Dataset, Export, int, str], None]]] = {
        "ct": (uid.CTImageStorage, _fill_ct),
        "mr": (uid.MRImageStorage, _fill_mr),
        "pet": (uid.PositronEmissionTomographyImageStorage, _fill_pet),
        "spect": (uid.NuclearMedicineImageStorage, _fill_spect),
    }
    return kinds[modality]


def _write_slices(dataset: Dataset, grid: Grid, stored: Stored, sop_class: str, folder: Path) -> int:
    for k in range(grid.shape[0]):
        place_slice(dataset, grid, k)
        if sop_class.endswith(".128"):  # PET counts its images
            dataset.ImageIndex = k + 1
        dataset.PixelData = _bytes(stored.array[k])
        write(dataset, sop_class, k + 1, folder / f"IM{k + 1:04d}.dcm")
    return grid.shape[0]


def _write_frames(dataset: Dataset, grid: Grid, stored: Stored, sop_class: str, folder: Path) -> int:
    """All slices in one file: a reconstructed tomogram of nuclear medicine."""
    place_slice(dataset, grid, 0)
    detector = dataset.DetectorInformationSequence[0]
    for keyword in ("ImageOrientationPatient", "ImagePositionPatient"):
        setattr(detector, keyword, dataset[keyword].value)
        del dataset[keyword]
    del dataset.SliceLocation
    if np.linalg.det(grid.direction) < 0:
        dataset.SpacingBetweenSlices = decimal(-float(grid.spacing[2]))  # frames go against the normal
    dataset.NumberOfFrames = grid.shape[0]
    dataset.PixelData = _bytes(stored.array)
    write(dataset, sop_class, 1, folder / "IM0001.dcm")
    return 1


def _fill_ct(dataset: Dataset, export: Export, _slices: int, _units: str) -> None:
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    dataset.KVP = None
    dataset.RescaleType = "HU"
    export.moving.take(dataset, _CT)


def _fill_mr(dataset: Dataset, export: Export, _slices: int, _units: str) -> None:
    dataset.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    dataset.ScanningSequence, dataset.SequenceVariant = "RM", "NONE"
    dataset.ScanOptions = dataset.MRAcquisitionType = ""
    dataset.EchoTime = dataset.EchoTrainLength = dataset.RepetitionTime = None
    export.moving.take(dataset, _MR)


def _fill_pet(dataset: Dataset, export: Export, slices: int, units: str) -> None:
    _describe_orientation(dataset)
    dataset.ImageType = ["DERIVED", "PRIMARY"]  # PET and NM images must be primary, C.8.9.4.1.1
    dataset.CountsSource, dataset.SeriesType = "EMISSION", ["STATIC", "IMAGE"]
    dataset.NumberOfSlices = slices
    dataset.DecayCorrection = "NONE"
    dataset.CorrectedImage = dataset.CollimatorType = ""
    dataset.FrameReferenceTime = decimal(0)
    dataset.ActualFrameDuration = None
    dataset.AcquisitionDate = dataset.AcquisitionTime = ""
    dataset.RadiopharmaceuticalInformationSequence = []
    export.moving.take(dataset, _PT)
    dataset.Units = export.moving.get("Units", "NONE") if units == "auto" else _UNITS[units]
    if dataset.Units == "GML" and "SUVType" not in dataset:
        dataset.SUVType = "BW"


def _fill_spect(dataset: Dataset, export: Export, slices: int, _units: str) -> None:
    from pydicom.dataset import Dataset

    dataset.ImageType = ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    dataset.FrameIncrementPointer = 0x00540080  # the slice vector
    dataset.SliceVector = list(range(1, slices + 1))
    dataset.NumberOfSlices = slices
    dataset.NumberOfEnergyWindows = dataset.NumberOfDetectors = dataset.NumberOfRotations = 1
    dataset.CountsAccumulated = None
    dataset.RotationInformationSequence = []
    dataset.EnergyWindowInformationSequence = dataset.RadiopharmaceuticalInformationSequence = []
    detector = Dataset()
    detector.CollimatorType = ""
    dataset.DetectorInformationSequence = [detector]
    _describe_orientation(dataset)
    export.moving.take(dataset, _NM)


def _describe_orientation(dataset: Dataset) -> None:
    """PET and nuclear medicine have codes in place of the position; nothing is known for a new grid."""
    del dataset.PatientPosition
    dataset.PatientOrientationCodeSequence = []
    dataset.PatientGantryRelationshipCodeSequence = []


def _bytes(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
