"""Runs the computation in a child process that can be ended at any moment, whatever native code it is in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Any

from ..engine.errors import BSAFusionError, WorkerError
from ..engine.result import Progress

_LOG_LINES = 20


class Stopped(BaseException):
    """The user, or the system, has asked this process to end; status is the exit status to end with."""

    def __init__(self, signal_number: int) -> None:
        super().__init__()
        self.status = 128 + signal_number


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Ctrl-C and requests to end raise Stopped, once: a second one must not disturb the cleaning up."""
    numbers = [signal.SIGINT, signal.SIGTERM]

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a signal handler)
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def compute(request: dict[str, Any], folder: Path, progress: Progress) -> dict[str, Any]:
    """Run one request in a child process, and return its report.

    request: see results.fuse_files. folder: private; the child keeps its temporary files and log there.
    Raises the child's error as BSAFusionError; WorkerError, with the end of the log, if it died.
    """
    scratch = folder / "scratch"
    scratch.mkdir()
    log = scratch / "log.txt"
    with log.open("wb") as log_file, _start_child(scratch, log_file) as child:
        try:
            report = _converse(child, request, progress)
            if report is None:
                raise WorkerError(_cause_of_death(child.wait()), _tail(log))
            return report
        finally:
            _end(child)


def _start_child(scratch: Path, log_file: IO[bytes]) -> subprocess.Popen[str]:
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    return subprocess.Popen(
        [sys.executable, "-m", "BSAFusionLib.command_line.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log_file,
        env={**os.environ, **temporary},
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C in a terminal reaches this process alone
    )


def _converse(
    child: subprocess.Popen[str], request: dict[str, Any], progress: Progress
) -> dict[str, Any] | None:
    """Hand over the request and follow the events up to the report; None if the child ends before that."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(json.dumps({"op": "fuse", "run": 0, **request}) + "\n")
        child.stdin.flush()
    for line in child.stdout:
        event = json.loads(line)
        if event["event"] == "progress":
            progress(event["step"], event["done"], event["total"])
        elif event["event"] == "error":
            kind = WorkerError if event["kind"] == "WorkerError" else BSAFusionError
            raise kind(event["message"], event["details"])
        elif event["event"] == "result":
            return dict(event["report"])
    return None


def _end(child: subprocess.Popen[str]) -> None:
    """Kill the child and whatever it has started, unless it has ended."""
    if child.poll() is None:
        if os.name == "posix":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
        child.wait()


def _cause_of_death(status: int) -> str:
    if status == -getattr(signal, "SIGKILL", 9):
        return "The computation was killed, most likely because memory ran out: close other programs."
    return f"The computation ended unexpectedly (status {status}): please report what you typed."


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:])
