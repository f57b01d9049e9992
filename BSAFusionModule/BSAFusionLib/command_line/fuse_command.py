"""bsafusion fuse: two volumes in, a folder of results out."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..engine.config import FusionConfig
from ..engine.errors import BSAFusionError
from .output_folder import OutputFolder
from .reporting import JsonReporter, Reporter, TerminalReporter
from .supervisor import Defect, Stopped, compute, stop_signals


def run_fuse(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    reporter: Reporter = JsonReporter() if arguments.json else TerminalReporter()
    try:
        with stop_signals():
            reporter.result(_fuse(arguments, reporter))
    except BSAFusionError as error:
        reporter.error(error.message)
        return 2
    except Stopped as stopped:
        reporter.error("Stopped: nothing was written.")
        return stopped.status
    except Defect as defect:
        reporter.error(f"This should not have happened, please report it: {defect}")
        print(defect.details, file=sys.stderr)
        return 1
    return 0


def _fuse(arguments: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    config = _config(arguments)
    inputs: list[Path] = [arguments.fixed, arguments.moving]
    with OutputFolder(arguments.out, arguments.force, inputs) as output:
        request = {
            "fixed": str(arguments.fixed),
            "moving": str(arguments.moving),
            "fixed_series": arguments.fixed_series,
            "moving_series": arguments.moving_series,
            "folder": str(output.private),
            "config": config.as_dict(),
        }
        reporter.progress("Starting", 0, 1)
        report = compute(request, output.private, reporter.progress)
        files = output.publish()
    return {"folder": str(arguments.out), "files": files, "report": report}


def _config(arguments: argparse.Namespace) -> FusionConfig:
    options = {field.name for field in fields(FusionConfig)}
    return FusionConfig(**{name: value for name, value in vars(arguments).items() if name in options})
