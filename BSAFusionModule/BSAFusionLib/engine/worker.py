"""The child process that computes: warm between runs, driven by JSON lines on its pipes.

Requests on stdin: {"op": "probe" | "fuse" | "self-check", "run": number, ...}. Answers on stdout, one object
a line, with "event": ready, heartbeat, progress, result or error. Volumes are handed over as .npy files in
the folder that a request names. The process ends when stdin closes, when its parent dies, or when idle.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import queue
import shutil
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from .errors import BSAFusionError, unexpected
from .memory import give_memory_back, keep_memory

IDLE_SECONDS = 600.0
HEARTBEAT_SECONDS = 1.0

Request = dict[str, Any]


class Channel:
    """Sends messages as JSON lines, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, event: str, **content: Any) -> None:
        """Write one message; a closed pipe ends the process, because nobody is left to work for."""
        line = json.dumps({"event": event, **content}).encode() + b"\n"
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except OSError:
            os._exit(0)


Operation = Callable[[Request, Channel], dict[str, Any]]


def serve(operations: dict[str, Operation], requests: BinaryIO, channel: Channel, idle: float) -> None:
    """Answer requests one after another until none has come for `idle` seconds."""
    waiting: queue.Queue[Request] = queue.Queue()
    running: list[Request] = []
    threading.Thread(target=_read, args=(requests, waiting, running), daemon=True).start()
    threading.Thread(target=_beat, args=(channel, os.getppid()), daemon=True).start()
    channel.send("ready", pid=os.getpid())
    while True:
        try:
            request = waiting.get(timeout=idle)
        except queue.Empty:
            return
        running.append(request)
        work = partial(operations[request["op"]], request, channel)
        channel.send(**answer(work), run=request["run"])
        running.clear()
        give_memory_back()


def _read(requests: BinaryIO, waiting: queue.Queue[Request], running: list[Request]) -> None:
    """Queue requests; when the other end closes, remove what a run has left and end the process."""
    for line in requests:
        waiting.put(json.loads(line))
    for request in running:
        if "folder" in request:
            shutil.rmtree(request["folder"], ignore_errors=True)
    os._exit(0)


def _beat(channel: Channel, parent: int) -> None:
    """Show life, and end with the parent even if a pipe stays open."""
    pause = threading.Event()
    while not pause.wait(HEARTBEAT_SECONDS):
        if os.getppid() != parent:
            os._exit(0)
        channel.send("heartbeat")


def answer(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work; its result with event "result", or event "error" with kind, message and details."""
    try:
        return {"event": "result", **work()}
    except BSAFusionError as error:
        return _error(type(error).__name__, error.message, error.details)
    except ImportError as error:
        message = (
            f"A library is missing or broken: {error}. Run the self-check, or let it be installed again."
        )
        return _error("DependencyError", message, traceback.format_exc())
    except MemoryError:
        message = "The memory of this machine is used up: close other programs or crop the volumes."
        return _error("WorkerError", message, traceback.format_exc())
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _unexpected(error)
        message = "The disk that holds temporary files is full: free some space and run again."
        return _error("WorkerError", message, traceback.format_exc())
    except Exception as error:
        return _unexpected(error)


def _unexpected(error: Exception) -> dict[str, Any]:
    known = unexpected(error)
    return _error("WorkerError", known.message, known.details)


def _error(kind: str, message: str, details: str) -> dict[str, Any]:
    return {"event": "error", "kind": kind, "message": message, "details": details}


def fuse(request: Request, channel: Channel) -> dict[str, Any]:
    """Fuse the pair that the request's folder holds, and leave the result's arrays there."""
    from .config import FusionConfig
    from .exchange import read_reference, read_volume, write_result
    from .pipeline import fuse as fuse_volumes

    folder = Path(request["folder"])

    def progress(step: str, done: int, total: int) -> None:
        channel.send("progress", run=request["run"], step=step, done=done, total=total)

    result = fuse_volumes(
        read_volume(folder, request["fixed"]),
        read_volume(folder, request["moving"]),
        FusionConfig(**request["config"]),
        progress=progress,
        reference=read_reference(folder, request.get("reference")),
    )
    return write_result(folder, result)


def probe(_request: Request, _channel: Channel) -> dict[str, Any]:
    """Import every library that a run needs and name versions and devices, or what is wrong."""
    from .self_check import probe_libraries

    return probe_libraries()


def self_check(request: Request, channel: Channel) -> dict[str, Any]:
    """Fuse the built-in phantom and report on everything that a run needs."""
    from .self_check import check_everything

    def progress(step: str, done: int, total: int) -> None:
        channel.send("progress", run=request["run"], step=step, done=done, total=total)

    return check_everything(progress)


OPERATIONS: dict[str, Operation] = {"fuse": fuse, "probe": probe, "self-check": self_check}


def main(operations: dict[str, Operation] = OPERATIONS, words: list[str] | None = None) -> None:
    """Serve on the standard pipes until nobody needs the process; words: the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a request")
    arguments = parser.parse_args(words)
    if hasattr(os, "setsid") and os.getpgrp() != os.getpid():
        os.setsid()  # so that one signal ends the process and all that it may start
    keep_memory()
    # Libraries print where they like; only messages may go to the pipe that the parent reads.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(operations, sys.stdin.buffer, Channel(answers), arguments.idle)


if __name__ == "__main__":
    main()
