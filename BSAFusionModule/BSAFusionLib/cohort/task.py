"""One pair on one worker: the work of bsafusion fuse, all or nothing; the answer is a row of the table."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..command_line.output_folder import OutputFolder
from ..command_line.results import fuse_files
from ..engine.errors import BSAFusionError
from ..engine.worker import answer
from .derivative import publish_derivative
from .pair import Pair
from .record import Record, done_record, failed_record

PAIRS, PRIVATE = "pairs", ".private"
_ONE_AT_A_TIME = threading.Lock()
"""A worker of a foreign cluster may have several threads, which share the network and all settings."""


@dataclass(frozen=True)
class Task:
    """A pair, the absolute folder of the whole run, and how many threads a pair may use."""

    pair: Pair
    out: Path
    threads: int

    @property
    def folder(self) -> Path:
        """Where the pair's results are made; outside BIDS they stay there."""
        return self.out / (PAIRS if self.pair.bids is None else PRIVATE) / self.pair.id


def fuse_pair(task: Task) -> Record:
    """Fuse one pair and tell what came out; never raises, as a failed pair must not stop the others."""
    with _ONE_AT_A_TIME:
        began = time.perf_counter(), time.process_time()
        told = answer(lambda: _fuse(task))
        times = {
            "seconds": time.perf_counter() - began[0],
            "cpu_seconds": time.process_time() - began[1],
        }
    if told["event"] == "error":
        record = failed_record(task.pair, told["message"], told["details"])
    else:
        record = done_record(task.pair, told["report"], told["files"])
    return record | times | {"memory_mb": _memory_mb(), "worker": _name()}


def clear(task: Task) -> None:
    """Remove what a lost worker has left of a pair."""
    shutil.rmtree(task.folder, ignore_errors=True)


def _fuse(task: Task) -> dict[str, Any]:
    from ..engine.devices import set_threads
    from ..engine.memory import keep_memory
    from ..engine.network import forget_networks, load_network

    clear(task)
    request = task.pair.request
    set_threads(task.threads)
    keep_memory()  # Dask tells glibc to give it back at every chance
    with OutputFolder(task.folder, True, []) as output, _temporary_files_in(output.private):
        try:
            report = fuse_files({**request, "folder": str(output.private)}, _silent)
            files = _publish(task, output)
        except BSAFusionError as error:
            error.message = error.message.replace(str(output.private), str(task.folder))
            raise
    if load_network(request["config"]["device"]).notes:
        forget_networks()  # one that memory ran out for goes on with less, and the next pair may be smaller
    return {"report": report, "files": files}


def _publish(task: Task, output: OutputFolder) -> list[str]:
    if task.pair.bids is not None:
        return publish_derivative(output.private, task.out, task.pair.bids)
    folder = task.folder.relative_to(task.out).as_posix()
    return [f"{folder}/{name}" for name in output.publish()]


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let libraries keep temporary files where they are removed in every outcome."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder / "scratch")
    Path(tempfile.tempdir).mkdir()
    try:
        yield
    finally:
        tempfile.tempdir = before


def _silent(step: str, done: int, total: int) -> None:
    """Nobody watches the steps of one pair among many."""


def _memory_mb() -> float:
    import psutil  # a dependency of Dask

    return float(psutil.Process().memory_info().rss / 2**20)


def _name() -> str:
    return f"{platform.node()}:{os.getpid()}"
