"""bsafusion info: versions, model and devices."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .. import __version__
from ..engine.errors import BSAFusionError
from ..engine.model_store import find_model, read_model

_PACKAGES = ("numpy", "SimpleITK", "torch", "slicer-core", "pillow")


def versions() -> dict[str, str]:
    """Name and version of everything that takes part in a run; 'missing' where a package is not installed."""
    packages = {package: _version(package) for package in _PACKAGES}
    return {"bsafusion": __version__, "python": platform.python_version(), **packages}


def run_info(arguments: argparse.Namespace) -> int:
    """Print what there is; returns the exit status, 2 when the model or torch cannot be used."""
    try:
        info = {"versions": versions(), "model": _model(), "devices": _devices()}
    except BSAFusionError as error:
        print(error.message, file=sys.stderr)
        return 2
    print(json.dumps(info) if arguments.json else _as_text(info))
    return 0


def _model() -> dict[str, str]:
    """What the manifest says of the default model, whose hash is checked."""
    model = find_model()
    read_model(model)
    return {"id": model.id, "version": model.version, "sha256": model.sha256, "summary": model.summary}


def _devices() -> dict[str, str]:
    from ..engine.devices import describe_devices

    return describe_devices()


def _as_text(info: dict[str, Any]) -> str:
    named = {
        **info["versions"],
        **{f"model {key}": value for key, value in info["model"].items()},
        **{f"device {key}": value for key, value in info["devices"].items()},
    }
    return "\n".join(f"{name:<14} {value}" for name, value in named.items())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
