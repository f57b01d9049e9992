"""Check all inputs before anything is scheduled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from ..engine.errors import BSAFusionError
from ..engine.io import check_file
from .faults import Fault
from .pair import Pair


def check_inputs(pairs: list[Pair], progress: Callable[[int, int], None]) -> list[Fault]:
    """Look at the headers of all files, each once; progress(done, total) counts pairs.

    What only the voxels show, such as a file that was cut short, is found when the pair is fused.
    """
    check = cache(_reason)
    faults = []
    for number, pair in enumerate(pairs):
        progress(number, len(pairs))
        request = pair.request
        reasons = [check(request[role], request[f"{role}_series"]) for role in ("fixed", "moving")]
        reasons += [_missing(Path(file)) for file in pair.files[2:]]
        if not any(reasons) and request["fixed"] == request["moving"]:
            reasons = [f"Both volumes are '{request['fixed']}': give two different ones."]
        faults += [Fault(pair.place, pair.id, reason) for reason in dict.fromkeys(reasons) if reason]
    progress(len(pairs), len(pairs))
    return faults


def _missing(path: Path) -> str | None:
    return None if path.exists() else f"'{path}' does not exist: check the path."


def _reason(path: str, series: str | None) -> str | None:
    try:
        check_file(Path(path), series)
    except BSAFusionError as error:
        return error.message
    return None
