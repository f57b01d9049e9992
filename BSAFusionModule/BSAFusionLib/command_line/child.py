"""The child process of bsafusion fuse: one request on stdin, events as JSON lines on stdout."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import TextIO

from ..engine.errors import BSAFusionError

_LITTLE_SPACE = 2**20


def main() -> None:
    """Serve one request, and answer with a report, an error or a defect.

    The request: {"fixed", "fixed_series", "moving", "moving_series", "folder", "config"}.
    """
    channel = _take_stdout()
    request = json.loads(sys.stdin.readline())
    folder = Path(request["folder"])
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()

    def send(event: str, **content: object) -> None:
        print(json.dumps({"event": event, **content}), file=channel, flush=True)

    def progress(step: str, done: int, total: int) -> None:
        send("progress", step=step, done=done, total=total)

    try:
        from .results import fuse_files

        send("report", report=fuse_files(request, progress))
    except BSAFusionError as error:
        send("error", message=error.message, details=error.details)
    except Exception as error:
        if shutil.disk_usage(folder).free < _LITTLE_SPACE:
            send("error", message=_DISK_FULL, details=str(error))
        else:
            send("defect", message=f"{type(error).__name__}: {error}", details=traceback.format_exc())
    channel.close()
    os._exit(0)  # native threads have nothing left to do, and some take seconds to end


_DISK_FULL = "The disk is full and nothing was written: free some space, or choose a folder elsewhere."


def _take_stdout() -> TextIO:
    """Keep stdout for events alone: what libraries print goes to the log."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


def _end_with_parent(folder: Path) -> None:
    """Stop when the parent is gone: it holds the other end of stdin."""
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
