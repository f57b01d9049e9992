"""make bench: time and memory of one fusion of 256 x 256 x 60 voxels, written to docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from BSAFusionLib.engine import Grid, Volume
from BSAFusionLib.engine.geometry import center_ras
from BSAFusionLib.engine.io import read_volume, write_volume
from BSAFusionLib.engine.resample import resample

from .pair import make_pair

_ROOT = Path(__file__).resolve().parents[2]
_TABLE = _ROOT / "docs" / "benchmarks.md"
_SHAPE = (60, 256, 256)
_SPACING = (0.9, 0.9, 2.8)
_RUNS = 3


def main() -> None:
    """Fuse the pair some times, and write the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair = make_pair(_ROOT / ".cache", folder)
        for file in (pair.fixed, pair.moving):
            write_volume(_enlarged(read_volume(file)), file)
        reports = [_fuse(pair.fixed, pair.moving, folder / f"run{number}") for number in range(_RUNS)]
    _TABLE.write_text(_table(reports), encoding="utf-8")
    print(_TABLE.read_text(encoding="utf-8"))


def _enlarged(volume: Volume) -> Volume:
    """The volume on 256 x 256 x 60 voxels about its centre, as a clinical scan has them."""
    ijk_to_ras = np.diag([-_SPACING[0], -_SPACING[1], _SPACING[2], 1.0])
    middle = (np.array(_SHAPE[::-1]) - 1) / 2
    ijk_to_ras[:3, 3] = center_ras(volume) - ijk_to_ras[:3, :3] @ middle
    grid = Grid(_SHAPE, ijk_to_ras)
    return Volume(resample(volume, grid), ijk_to_ras, volume.name)


def _fuse(fixed: Path, moving: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "BSAFusionLib", "fuse", fixed, moving, "--modality", "pet", "--out", out]
    subprocess.run(command, check=True)
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report
