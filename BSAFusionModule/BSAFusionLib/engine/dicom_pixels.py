"""Values as the whole numbers of DICOM, with the slope and intercept that lead back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .dicom_common import decimal

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STEPS = 65535


@dataclass(frozen=True, eq=False)
class Stored:
    """Whole numbers, uint16 or int16, (K, J, I); value = slope * number + intercept."""

    array: NDArray[np.uint16] | NDArray[np.int16]
    slope: float
    intercept: float

    def describe(self, dataset: Dataset) -> None:
        """Say in a header how the pixels are stored."""
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.Rows, dataset.Columns = self.array.shape[1:]
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit = 15
        dataset.PixelRepresentation = int(self.array.dtype == np.int16)
        dataset.RescaleSlope, dataset.RescaleIntercept = decimal(self.slope), decimal(self.intercept)


def encode(values: NDArray[np.float32], modality: str) -> Stored:
    """Store values, (K, J, I); modality is mr, ct, pet or spect.

    CT in whole Hounsfield units where they fit, as scanners store it. PET with an intercept of 0, which DICOM
    asks for. Anything else over the whole range of 16 bits, unless it holds whole numbers already.
    """
    low, high = float(values.min()), float(values.max())
    fits = low >= -32768 and high <= 32767
    whole = modality == "ct" or bool((values == np.rint(values)).all())
    if fits and whole and (modality == "ct" or high - low >= 1):
        return Stored(np.rint(values).astype(np.int16), 1.0, 0.0)
    if modality == "pet":
        limit, kind = (_STEPS, np.uint16) if low >= 0 else (_STEPS // 2, np.int16)
        slope = _rounded(max(abs(low), abs(high)) / limit)
        return Stored((np.rint(values / slope)).clip(-limit, limit).astype(kind), slope, 0.0)
    slope, intercept = _rounded((high - low) / _STEPS), _rounded(low)
    numbers = np.rint((values.astype(np.float64) - intercept) / slope)
    return Stored(numbers.clip(0, _STEPS).astype(np.uint16), slope, intercept)


def _rounded(value: float) -> float:
    """The number that fits into 16 characters, so that it leads back to what was stored."""
    return float(str(decimal(value))) or 1.0
