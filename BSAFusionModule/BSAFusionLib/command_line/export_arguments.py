"""What can be typed after bsafusion export-dicom."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..engine.config import PET_UNITS
from .export_command import run_export
from .transform_command import run_export_transform

DESCRIPTION = """Writes a fusion's results as two DICOM series: the aligned volume in its own units, and the
fused picture as Secondary Capture that says "fused, display only". Either all files are written, or none."""


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of bsafusion export-dicom."""
    parser.set_defaults(run=run_export)
    add = parser.add_argument
    add("results", metavar="RESULTS", type=Path, help="folder that bsafusion fuse has written")
    add("--out", metavar="DIR", type=Path, required=True, help="folder for the series, empty or new")
    add(
        "--like",
        metavar="FIXED",
        type=Path,
        help="DICOM folder of the fixed volume: patient, study and frame of reference are its",
    )
    add(
        "--moving",
        metavar="MOVING",
        type=Path,
        help="DICOM folder of the moving volume: units, tracer and sequence are its",
    )
    add(
        "--units",
        choices=PET_UNITS,
        default=PET_UNITS[0],
        help="what the values of a PET are (default auto: as MOVING says, else none)",
    )


TRANSFORM_DESCRIPTION = """Writes a fusion's transform for other programs: ITK (.h5, .tfm), a displacement
field for Slicer (.nrrd), or one for ANTs and others (.nii.gz). A .json beside it states the direction."""


def add_export_transform(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of bsafusion export-transform."""
    parser.set_defaults(run=run_export_transform)
    add = parser.add_argument
    add("transform", metavar="T", type=Path, help="transform.h5 of a fusion, or its folder")
    add("--out", metavar="F", type=Path, required=True, help="file: .h5, .tfm, .nrrd, .nii or .nii.gz")
    add("--inverse", action="store_true", help="from moving to fixed points, sampled on --reference")
    add("--reference", metavar="R", type=Path, help="image whose grid the displacements are sampled on")
    add(
        "--ras",
        action="store_true",
        help="NIfTI with RAS vectors, intent 1006 (default LPS, intent 1007, as ITK and ANTs write)",
    )
    add("--force", action="store_true", help="replace files that exist")
