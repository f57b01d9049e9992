"""Who is told of a cohort's run: nobody, a terminal, or a program that reads JSON lines."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Protocol

from ..command_line.reporting import CLEAR_LINE, progress_bar
from .book import Progress
from .faults import Fault, count
from .record import FAILED, Record

_FAULTS_SHOWN = 50


class Watcher(Protocol):
    """Told of everything that happens."""

    def notes(self, sentences: list[str]) -> None:
        """What the user should know about the cohort."""

    def checking(self, done: int, total: int) -> None:
        """The inputs are being checked."""

    def faults(self, faults: list[Fault]) -> None:
        """Pairs that cannot be fused; the others are."""

    def started(self, workers: int, dashboard: str, progress: Progress) -> None:
        """The workers are there."""

    def pair(self, record: Record, progress: Progress) -> None:
        """A pair has been tried."""


class Silent:
    """Tells nobody."""

    def notes(self, sentences: list[str]) -> None:
        """Nothing."""

    def checking(self, done: int, total: int) -> None:
        """Nothing."""

    def faults(self, faults: list[Fault]) -> None:
        """Nothing."""

    def started(self, workers: int, dashboard: str, progress: Progress) -> None:
        """Nothing."""

    def pair(self, record: Record, progress: Progress) -> None:
        """Nothing."""


class Terminal:
    """For people: sentences and failures on stderr as they come, and one bar if that is a terminal."""

    def __init__(self) -> None:
        self._shows_bar = sys.stderr.isatty()

    def notes(self, sentences: list[str]) -> None:
        """Print them."""
        for sentence in sentences:
            self._say(sentence)

    def checking(self, done: int, total: int) -> None:
        """Redraw the bar."""
        self._draw(f"{progress_bar(done, total)}  Checking the inputs")

    def faults(self, faults: list[Fault]) -> None:
        """Print all of them, or as many as fit a screen; the table has them all."""
        if faults:
            self._say(f"{count(len(faults), 'input')} cannot be used, the other pairs are fused:")
        for fault in faults[:_FAULTS_SHOWN]:
            self._say(f"  {fault}")
        if len(faults) > _FAULTS_SHOWN:
            self._say(f"  ... and {len(faults) - _FAULTS_SHOWN} more, all in cohort.csv.")

    def started(self, workers: int, dashboard: str, progress: Progress) -> None:
        """Print where Dask's dashboard is."""
        self._say(f"{count(workers, 'worker')}; dashboard: {dashboard}")
        self._show(progress)

    def pair(self, record: Record, progress: Progress) -> None:
        """Print a failure; redraw the bar."""
        if record["status"] == FAILED:
            self._say(f"{record['id']} failed: {record['reason']}")
        self._show(progress)

    def end(self) -> None:
        """Remove the bar."""
        self._draw("")

    def _show(self, progress: Progress) -> None:
        tried = progress.done + progress.failed
        bar = progress_bar(tried, progress.total)
        failed = f", {progress.failed} failed" if progress.failed else ""
        self._draw(f"{bar}  {tried}/{progress.total} pairs{failed}, {time_left(progress.seconds_left)}")

    def _say(self, line: str) -> None:
        self._draw("")
        print(line, file=sys.stderr, flush=True)

    def _draw(self, line: str) -> None:
        if self._shows_bar:
            width = shutil.get_terminal_size().columns - 1
            print(CLEAR_LINE + line[:width], end="", file=sys.stderr, flush=True)


class JsonLines:
    """For machines: one JSON object a line on stdout."""

    def notes(self, sentences: list[str]) -> None:
        """{"event": "notes", "notes"}."""
        if sentences:
            _print(event="notes", notes=sentences)

    def checking(self, done: int, total: int) -> None:
        """{"event": "checking", "done", "total"}."""
        _print(event="checking", done=done, total=total)

    def faults(self, faults: list[Fault]) -> None:
        """{"event": "faults", "faults"}."""
        if faults:
            _print(event="faults", faults=[vars(fault) for fault in faults])

    def started(self, workers: int, dashboard: str, progress: Progress) -> None:
        """{"event": "started", "workers", "dashboard", "total", "done", "failed", "seconds_left"}."""
        _print(event="started", workers=workers, dashboard=dashboard, **vars(progress))

    def pair(self, record: Record, progress: Progress) -> None:
        """{"event": "pair", "record", "total", "done", "failed", "seconds_left"}."""
        _print(event="pair", record=record, **vars(progress))

    def end(self) -> None:
        """Nothing is left on the screen."""


def time_left(seconds: float | None) -> str:
    """Such as '45 s left', '12 min left' or '5 h 10 min left'."""
    if seconds is None:
        return "time left unknown"
    if seconds < 90:
        return f"{seconds:.0f} s left"
    minutes = round(seconds / 60)
    return f"{minutes} min left" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min left"


def _print(**event: object) -> None:
    print(json.dumps(event), flush=True)
