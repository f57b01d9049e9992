"""What can be typed after bsafusion apply."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..engine.config import INTERPOLATIONS
from .apply_command import run_apply

DESCRIPTION = """Carries images, label maps, points and meshes from the moving volume's space into the fixed
one's (or back, with --inverse), each interpolated once. Either all files are written, or none."""


def add_apply(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of bsafusion apply."""
    parser.set_defaults(run=run_apply)
    add = parser.add_argument
    add(
        "--transform",
        metavar="T",
        type=Path,
        required=True,
        help="transform.h5 of a fusion or its folder, another ITK transform, or a displacement field",
    )
    add(
        "--input",
        metavar="X",
        type=Path,
        nargs="+",
        required=True,
        help="images, label maps, .seg.nrrd, DICOM folders; points (.mrk.json, .fcsv, .csv); meshes (.vtk, "
        ".vtp, .stl, .ply, .obj)",
    )
    add("--reference", metavar="R", type=Path, help="image whose grid the results get; not needed for points")
    add("--out", metavar="F", type=Path, required=True, help="file for the result, or folder for several")
    add("--inverse", action="store_true", help="carry from the fixed space into the moving one")
    add(
        "--interpolation",
        choices=INTERPOLATIONS,
        default=INTERPOLATIONS[0],
        help="of images: linear (default), sinc (sharper, slow) or nearest; label maps always take nearest",
    )
    add("--force", action="store_true", help="replace files that exist")
