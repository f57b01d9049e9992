"""The results of a fusion as two DICOM series: the aligned volume, and the fused picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dicom_aligned import write_aligned
from .dicom_common import Export
from .dicom_fused import write_fused
from .dicom_source import SourceSeries, check_sources, require_pydicom
from .errors import InputError
from .volume import Volume

NAMES = {"mr": "MR", "ct": "CT", "pet": "PET", "spect": "SPECT"}
_BRIGHTER = 1.01  # interpolation makes nothing brighter than it was
_DARKER = 0.02


@dataclass(frozen=True, eq=False)
class ExportedResults:
    """What is written.

    aligned: the moving volume on the fixed grid, its own values; None to leave it out.
    fused: uint8, (K, J, I) or (K, J, I, 3), on the same grid; None to leave it out.
    modality, fixed_modality: mr, ct, pet or spect. window: values of aligned shown as black and white.
    verdict: how far the alignment can be trusted, in words.
    """

    aligned: Volume | None
    fused: NDArray[np.uint8] | None
    grid_of: Volume
    modality: str
    fixed_modality: str
    window: tuple[float, float]
    verdict: str = ""


def export_dicom(
    results: ExportedResults,
    folder: Path,
    fixed: SourceSeries | None = None,
    moving: SourceSeries | None = None,
    units: str = "auto",
    moving_range: tuple[float, float] | None = None,
) -> dict[str, int]:
    """Write the series into the new folders aligned and fused of folder; returns how many files each holds.

    fixed: the fixed volume's series, for patient, study and frame of reference. moving: the moving volume's,
    for what its modality needs, such as units and tracer. units: one of config.PET_UNITS, for PET.
    moving_range: smallest and largest value of the moving series, to see whether aligned is in its units.
    Raises DependencyError without pydicom, InputError where the series do not fit, OSError.
    """
    require_pydicom()
    fixed, moving = fixed or SourceSeries(), moving or SourceSeries()
    check_sources(fixed, moving, results.modality)
    if units == "auto" and results.aligned is not None and moving_range is not None:
        _check_units(results.aligned, moving_range)
    export = Export(fixed, moving, results.verdict)
    names = (NAMES[results.modality], NAMES[results.fixed_modality])
    written = {}
    if results.aligned is not None:
        place = folder / "aligned"
        place.mkdir(parents=True)
        written["aligned"] = write_aligned(
            results.aligned, results.modality, results.window, units, export, place, names
        )
    if results.fused is not None:
        place = folder / "fused"
        place.mkdir(parents=True)
        written["fused"] = write_fused(results.fused, results.grid_of.grid, export, place, names)
    return written


def verdict_words(verdict: Mapping[str, Any]) -> str:
    """A report's verdict as one line; empty where there is none."""
    if not verdict:
        return ""
    return f"Verdict: {verdict['verdict']}: {' '.join(verdict['reasons'])}"


def _check_units(aligned: Volume, moving_range: tuple[float, float]) -> None:
    brightest, allowed = float(aligned.array.max()), moving_range[1]
    if allowed > 0 and not _DARKER * allowed <= brightest <= _BRIGHTER * allowed:
        raise InputError(
            f"The aligned volume reaches {brightest:.4g} and its DICOM series {allowed:.4g}, which are "
            "not the same units: say which with --units."
        )
