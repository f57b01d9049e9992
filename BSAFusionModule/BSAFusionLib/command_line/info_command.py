"""bsafusion info: versions, model and devices."""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .. import __version__

_PACKAGES = ("numpy", "SimpleITK", "torch", "slicer-core", "pillow")


def versions() -> dict[str, str]:
    """Name and version of everything that takes part in a run; 'missing' where a package is not installed."""
    return {"bsafusion": __version__, "python": platform.python_version()} | {
        package: _version(package) for package in _PACKAGES
    }


def run_info(arguments: argparse.Namespace) -> int:
    """Print what there is; returns the exit status, 2 when the model or a package cannot be used."""
    raise NotImplementedError


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
