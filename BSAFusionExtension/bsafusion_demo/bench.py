"""make bench: time and memory of one fusion of 256 x 256 x 60 voxels, written to docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from BSAFusionLib.engine import Grid, Volume
from BSAFusionLib.engine.geometry import center_ras
from BSAFusionLib.engine.io import read_volume, write_volume
from BSAFusionLib.engine.resample import resample

from .pair import Pair, make_pair, run_fuse

_ROOT = Path(__file__).resolve().parents[2]
_TABLE = _ROOT / "docs" / "benchmarks.md"
_SHAPE = (60, 256, 256)
_SPACING = (0.9, 0.9, 2.8)
_RUNS = 3


def main() -> None:
    """Fuse the pair some times, and write the medians; the sections below stay."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair = make_pair(_ROOT / ".cache", folder)
        for file in (pair.fixed, pair.moving):
            write_volume(_enlarged(read_volume(file)), file)
        reports = [_fuse(pair, folder / f"run{number}") for number in range(_RUNS)]
    table = _table(reports)
    _, heading, others = _TABLE.read_text(encoding="utf-8").partition("\n## ")
    _TABLE.write_text(table + heading + others, encoding="utf-8")
    print(table)


def _enlarged(volume: Volume) -> Volume:
    """The volume on 256 x 256 x 60 voxels about its centre, as a clinical scan has them."""
    ijk_to_ras = np.diag([-_SPACING[0], -_SPACING[1], _SPACING[2], 1.0])
    middle = (np.array(_SHAPE[::-1]) - 1) / 2
    ijk_to_ras[:3, 3] = center_ras(volume) - ijk_to_ras[:3, :3] @ middle
    grid = Grid(_SHAPE, ijk_to_ras)
    return Volume(resample(volume, grid), ijk_to_ras, volume.name)


def _fuse(pair: Pair, out: Path) -> dict[str, Any]:
    run_fuse(pair, out)
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def _table(reports: list[dict[str, Any]]) -> str:
    """Markdown; every number is the median of the runs."""
    steps = {step: _median(report["seconds"][step] for report in reports) for step in reports[0]["seconds"]}
    total = _median(sum(report["seconds"].values()) for report in reports)
    memory = _median(report["peak_memory_mb"] for report in reports)
    rows = "\n".join(f"| {step} | {seconds:.1f} |" for step, seconds in steps.items())
    size = " x ".join(map(str, _SHAPE[::-1]))
    machine = f"{os.cpu_count()} CPU cores ({platform.machine()}, {platform.system()}) without a GPU"
    return f"""# Benchmarks

One fusion of {size} voxels (T1 MRI and a misaligned PET) with `bsafusion fuse`, median of {_RUNS} runs on
{machine}. Written by `make bench`.

| step of the engine | seconds |
| --- | --- |
{rows}
| **all** | **{total:.1f}** |

Peak memory of the process that computes and writes all results: {memory:.0f} MB.
"""


def _median(numbers: Iterable[float]) -> float:
    return statistics.median(numbers)


if __name__ == "__main__":
    main()
