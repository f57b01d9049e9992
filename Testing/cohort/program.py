"""bsafusion batch as its users run it, and its files as they find them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEASURED = ("fusing_seconds", "seconds", "peak_memory_mb")
"""Columns that differ from run to run."""


@dataclass(frozen=True)
class Cohort:
    table: Path
    models: Path

    def start(self, out: Path, *options: str) -> subprocess.Popen[str]:
        """A run that tells events as JSON lines; in a session of its own, as a terminal would have it."""
        command = [sys.executable, "-m", "BSAFusionLib", "batch", str(self.table), "--out", str(out)]
        return subprocess.Popen(
            [*command, "--init", "none", "--device", "cpu", "--insist", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "BSAFUSION_MODELS": str(self.models)},
            start_new_session=True,
        )

    def run(self, out: Path, *options: str) -> Finished:
        """A run up to its end."""
        process = self.start(out, *options)
        told, complained = process.communicate(timeout=300)
        return Finished(process.returncode, [json.loads(line) for line in told.splitlines()], complained, out)


@dataclass(frozen=True)
class Finished:
    status: int
    events: list[dict[str, Any]]
    complaints: str
    out: Path

    def event(self, name: str) -> dict[str, Any]:
        return next(event for event in self.events if event["event"] == name)


def rows(out: Path) -> list[dict[str, str]]:
    """cohort.csv without what differs from run to run."""
    with (out / "cohort.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k not in MEASURED} for row in csv.DictReader(file)]


def next_event(process: subprocess.Popen[str], name: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == name:
            return event
    raise AssertionError(f"'{name}' never came")


def hidden(out: Path) -> list[Path]:
    """What only a running program needs."""
    return list(out.rglob(".*"))
