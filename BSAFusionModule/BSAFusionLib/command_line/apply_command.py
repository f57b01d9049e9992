"""bsafusion apply: a transform for everything else of the patient."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..engine.errors import InputError
from ..engine.point_file import SUFFIXES as POINTS
from .plain_run import run_plainly

IMAGES = (".nrrd", ".nii", ".nii.gz", ".mha", ".mhd")
SURFACES = (".vtk", ".vtp", ".vtu", ".stl", ".ply", ".obj")


def run_apply(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    return run_plainly(lambda: _apply(arguments))


def _apply(arguments: argparse.Namespace) -> list[str]:
    """Write all results, and say of each what it is."""
    from ..engine.transform_file import read_transform
    from .carried_files import Carrier
    from .output_files import output_files

    sources: list[Path] = arguments.input
    targets = _targets(sources, arguments.out)
    if arguments.reference is None and any(_kind(source) == "image" for source in sources):
        raise InputError("An image needs the grid it shall lie on: give --reference.")
    transform = read_transform(arguments.transform)
    carrier = Carrier(transform, arguments.reference, arguments.inverse, arguments.interpolation)
    inputs = [path for path in (*sources, arguments.transform, arguments.reference) if path is not None]
    lines = []
    with output_files(targets, arguments.force, inputs) as files:
        for source, target, file in zip(sources, targets, files, strict=True):
            done = getattr(carrier, f"carry_{_kind(source)}")(source, file)
            lines.append(f"{target}: {done}")
    return lines


def _kind(path: Path) -> str:
    """image, points or surface, by what the name ends in; raises InputError for anything else."""
    if not path.exists():
        raise InputError(f"'{path}' does not exist: check the path.")
    name = path.name.lower()
    for kind, suffixes in (("points", POINTS), ("surface", SURFACES), ("image", IMAGES)):
        if name.endswith(suffixes):
            return kind
    if path.is_dir():
        return "image"
    known = ", ".join((*IMAGES, *POINTS, *SURFACES))
    raise InputError(f"'{path}' is of no kind that can be carried over: use {known}, or a DICOM folder.")


def _targets(sources: Sequence[Path], out: Path) -> list[Path]:
    """A file for one source; files of the same names in a folder for several, or where out is a folder."""
    if len(sources) == 1 and not out.is_dir():
        wanted, given = _suffixes(sources[0]), out.name.lower()
        if given.endswith(wanted):
            return [out]
        if out.suffix:
            raise InputError(f"'{out}' must end in {' or '.join(wanted)}: choose another name.")
    if out.is_file():
        raise InputError(f"'{out}' is a file: several results need the name of a folder.")
    return [out / (f"{path.resolve().name}.nrrd" if path.is_dir() else path.name) for path in sources]


def _suffixes(source: Path) -> tuple[str, ...]:
    """What the result of a source may end in: points keep their format, other kinds may not."""
    kind, name = _kind(source), source.name.lower()
    if kind == "points":
        return tuple(suffix for suffix in POINTS if name.endswith(suffix))
    return SURFACES if kind == "surface" else IMAGES
