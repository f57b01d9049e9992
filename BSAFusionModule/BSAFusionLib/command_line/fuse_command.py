"""bsafusion fuse: two volumes in, a folder of results out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..engine.config import FusionConfig
from ..engine.errors import BSAFusionError, WorkerError
from ..engine.verdict import withheld
from .output_folder import OutputFolder
from .reporting import JsonReporter, Reporter, TerminalReporter
from .supervisor import Stopped, compute, stop_signals

WITHHELD = 3
"""Exit status when the verdict is "do not use" and nobody insists: the report was written, no result."""


def run_fuse(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status, 3 where the verdict forbids to write the result."""
    reporter: Reporter = JsonReporter() if arguments.json else TerminalReporter()
    try:
        with stop_signals():
            result = _fuse(arguments, reporter)
            reporter.result(result)
    except Stopped as stopped:
        reporter.error("Stopped: nothing was written.")
        return stopped.status
    except BSAFusionError as error:
        reporter.error(error.message)
        if isinstance(error, WorkerError):
            print(error.details, file=sys.stderr)
        return 2
    return WITHHELD if withheld(result["report"]) else 0


def _fuse(arguments: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    request = fusion_request(arguments)
    measured = [*(arguments.landmarks or []), *(arguments.segmentations or [])]
    inputs = [arguments.fixed, arguments.moving, *measured]
    with OutputFolder(arguments.out, arguments.force, inputs) as output:
        request["folder"] = str(output.private)
        reporter.progress("Starting", 0, 1)
        try:
            report = compute(request, output.private, reporter.progress)
        except BSAFusionError as error:
            # Messages about files name the private folder, which means nothing to the user.
            error.message = error.message.replace(str(output.private), str(arguments.out))
            raise
        files = output.publish()
    return {"folder": str(arguments.out), "files": files, "report": report}


def fusion_request(arguments: argparse.Namespace) -> dict[str, Any]:
    """What results.fuse_files is asked for, without the folder; raises InputError where an option is bad."""
    names = {field.name for field in fields(FusionConfig)}
    options = {name: value for name, value in vars(arguments).items() if name in names}
    config = FusionConfig(**options | _read_start(arguments))
    return {
        "fixed": str(arguments.fixed),
        "moving": str(arguments.moving),
        "fixed_series": arguments.fixed_series,
        "moving_series": arguments.moving_series,
        "landmarks": _names(arguments.landmarks),
        "segmentations": _names(arguments.segmentations),
        "config": config.as_dict(),
    }


def _names(pair: Sequence[Path] | None) -> list[str] | None:
    return None if pair is None else [str(path) for path in pair]


def _read_start(arguments: argparse.Namespace) -> dict[str, Any]:
    """Where the alignment begins, from the files that the options name."""
    if arguments.init_transform is None and arguments.init_landmarks is None:
        return {}
    from ..engine.start_file import read_landmarks, read_linear_transform

    transform, landmarks = arguments.init_transform, arguments.init_landmarks
    return {
        "init_transform": None if transform is None else read_linear_transform(transform),
        "init_landmarks": None if landmarks is None else tuple(read_landmarks(path) for path in landmarks),
    }
