"""The real worker with operations that misbehave on demand: scripted_worker.py BEHAVIOUR [--idle SECONDS]."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.exchange import read_reference, read_volume, write_result
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.engine.worker import Channel, Request, main

_GEOMETRY = {
    "modality": "mr",
    "modality_is_a_guess": False,
    "window": [0.0, 10.0],
    "voxels": [6, 5, 4],
    "spacing_mm": [20, 20, 30],
}


def fuse(request: Request, channel: Channel) -> dict[str, Any]:
    """Average the two volumes, which must lie on one grid; slow or brief in many steps when asked to."""
    behaviour = sys.argv[1]
    folder = Path(request["folder"])
    fixed, moving = read_volume(folder, request["fixed"]), read_volume(folder, request["moving"])
    _misbehave(behaviour, request, channel)
    steps = {"slow": 1000, "brief": 50}.get(behaviour, 0)
    for step in range(steps):
        channel.send("progress", run=request["run"], step="Registering slices", done=step, total=steps)
        time.sleep(0.01)
    mean = (fixed.array + moving.array) / 2
    displacement = np.zeros((*fixed.shape, 3), np.float32)
    quality = {"before": {"ncc": 0.5}, "after": {"ncc": 0.75}, "displacement_mm": {"mean": 2.5}}
    inputs = dict.fromkeys(("fixed", "moving"), _GEOMETRY)
    report: dict[str, Any] = {"quality": quality, "geometry": inputs, "configuration": request["config"]}
    if behaviour in ("check", "do not use"):
        report["verdict"] = {"verdict": behaviour, "reasons": ["It was made up."], "numbers": {}}
    aligned = fixed.with_array(moving.array)
    result = FusionResult(fixed.with_array(mean), aligned, displacement, np.eye(4), "ct", report=report)
    reference = read_reference(folder, request.get("reference"))
    if reference is not None:
        reference.check(fixed, moving)
        report.update(reference.measure(result))
    answer = write_result(folder, result)
    if behaviour == "short":
        (folder / answer["displacement"]).write_bytes((folder / answer["displacement"]).read_bytes()[:200])
    if behaviour == "hollow":
        del answer["aligned"]
    return answer


def _misbehave(behaviour: str, request: Request, channel: Channel) -> None:
    if behaviour == "chatty":
        print("a library has something to say", flush=True)
        time.sleep(0.3)
    if behaviour == "crash":
        os.kill(os.getpid(), 11)
    if behaviour == "memory":
        raise MemoryError
    if behaviour == "disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    if behaviour == "garble":
        os.write(int(os.environ["ANSWERS"]), b"\xff not json\n")
        time.sleep(10)
    if behaviour == "odd":
        channel.send("progress", run=request["run"])
        time.sleep(10)
    if behaviour == "input":
        raise InputError("The fixed volume is odd: choose another.", "the details")
    if behaviour == "bug":
        raise KeyError("spacing")


def probe(_request: Request, _channel: Channel) -> dict[str, Any]:
    """Answer as if everything were installed, except where told otherwise."""
    if sys.argv[1] == "vague":
        return {}
    missing = ["torch"] if sys.argv[1] == "missing" else []
    broken = {"torch": "ImportError: libc10"} if sys.argv[1] == "broken" else {}
    return {"versions": {}, "missing": missing, "broken": broken, "devices": {"cpu": "processor"}}


if __name__ == "__main__":
    os.environ["ANSWERS"] = str(os.dup(1))
    main({"fuse": fuse, "probe": probe}, sys.argv[2:])
