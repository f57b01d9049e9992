"""What the user sees while a command runs: a progress bar and sentences, or JSON lines."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import Any, Protocol

from ..engine.verdict import sentence, withheld

_BAR_WIDTH = 30
CLEAR_LINE = "\r\x1b[K"


class Reporter(Protocol):
    """Told of everything that happens in a run."""

    def progress(self, step: str, done: int, total: int) -> None:
        """A step, in words, and how far it has come."""

    def result(self, result: dict[str, Any]) -> None:
        """The run is over; result has folder, files and report."""

    def error(self, message: str) -> None:
        """The run has failed; message is one sentence."""


class TerminalReporter:
    """For people: one bar on stderr, only if that is a terminal; the summary on stdout."""

    def __init__(self) -> None:
        self._shows_bar = sys.stderr.isatty()
        self._started = time.monotonic()

    def progress(self, step: str, done: int, total: int) -> None:
        """Redraw the bar."""
        if self._shows_bar:
            line = progress_line(step, done, total, time.monotonic() - self._started)
            width = shutil.get_terminal_size().columns - 1
            print(CLEAR_LINE + line[:width], end="", file=sys.stderr, flush=True)

    def result(self, result: dict[str, Any]) -> None:
        """Print warnings to stderr, the verdict, and where the files are to stdout."""
        self._clear_bar()
        for warning in result["report"].get("warnings", []):
            print(f"Warning: {warning}", file=sys.stderr)
        verdict = sentence(result["report"])
        if verdict:
            print(verdict, file=sys.stderr if withheld(result["report"]) else sys.stdout)
        print(f"{result['folder']}: {', '.join(result['files'])}")

    def error(self, message: str) -> None:
        """Print the sentence to stderr."""
        self._clear_bar()
        print(message, file=sys.stderr)

    def _clear_bar(self) -> None:
        if self._shows_bar:
            print(CLEAR_LINE, end="", file=sys.stderr, flush=True)


class JsonReporter:
    """For machines: one JSON object a line on stdout; an error is a sentence on stderr as well."""

    def progress(self, step: str, done: int, total: int) -> None:
        """{"event": "progress", "step", "done", "total"}."""
        _print_json(event="progress", step=step, done=done, total=total)

    def result(self, result: dict[str, Any]) -> None:
        """{"event": "result", "folder", "files", "report"}."""
        _print_json(event="result", **result)

    def error(self, message: str) -> None:
        """{"event": "error", "message"}."""
        _print_json(event="error", message=message)
        print(message, file=sys.stderr)


def progress_line(step: str, done: int, total: int, seconds: float) -> str:
    """A bar such as '[=====     ]  50%    3 s  Registering slices'."""
    return f"{progress_bar(done, total)} {seconds:4.0f} s  {step}"


def progress_bar(done: int, total: int) -> str:
    """A bar such as '[=====     ]  50%'."""
    share = min(1.0, done / total) if total else 0.0
    bar = ("=" * round(share * _BAR_WIDTH)).ljust(_BAR_WIDTH)
    return f"[{bar}] {share:4.0%}"


def _print_json(**event: object) -> None:
    print(json.dumps(event), flush=True)
