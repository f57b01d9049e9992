"""How the worker is started here: with which Python, and in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

MODULE_FOLDER = Path(__file__).parents[2]


def worker_command() -> list[str]:
    """PythonSlicer inside Slicer, elsewhere the Python that runs us."""
    return [shutil.which("PythonSlicer") or sys.executable, "-u", "-m", "BSAFusionLib.engine.worker"]


def worker_environment() -> dict[str, str]:
    """What differs from our own environment."""
    inherited = os.environ.get("PYTHONPATH", "")
    return {
        "PYTHONPATH": os.pathsep.join(p for p in (str(MODULE_FOLDER), inherited) if p),
        "ITK_AUTOLOAD_PATH": "",  # Slicer's ITK plugins do not fit SimpleITK's ITK
    }
