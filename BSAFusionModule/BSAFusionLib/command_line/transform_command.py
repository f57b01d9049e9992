"""bsafusion export-transform: a fusion's transform for other programs."""

from __future__ import annotations

import argparse

from ..engine.errors import InputError
from .plain_run import run_plainly


def run_export_transform(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    return run_plainly(lambda: [f"{arguments.out}: {_export(arguments)}"])


def _export(arguments: argparse.Namespace) -> str:
    from ..engine.transform_export import export_transform, sidecar
    from ..engine.transform_file import read_transform
    from .carried_files import read_grid
    from .output_files import output_files

    transform = read_transform(arguments.transform)
    grid = None if arguments.reference is None else read_grid(arguments.reference)
    targets = [arguments.out, sidecar(arguments.out)]
    with output_files(targets, arguments.force, [arguments.transform]) as (file, _note):
        try:
            return export_transform(transform, grid, file, arguments.inverse, arguments.ras)
        except RuntimeError as error:
            raise InputError(
                f"'{arguments.out}' cannot be written: make room, or choose another format.", str(error)
            ) from error
