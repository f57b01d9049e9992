"""The child process of bsafusion fuse: the engine's worker, with files in and files out."""

from __future__ import annotations

from typing import Any

from ..engine.worker import Channel, Request, main


def fuse(request: Request, channel: Channel) -> dict[str, Any]:
    """Fuse two files and write all results into the request's folder; see results.fuse_files."""
    from .results import fuse_files

    def progress(step: str, done: int, total: int) -> None:
        channel.send("progress", run=request["run"], step=step, done=done, total=total)

    return {"report": fuse_files(request, progress)}


if __name__ == "__main__":
    main({"fuse": fuse})
