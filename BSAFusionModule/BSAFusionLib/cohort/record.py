"""What is known of a pair once it has been tried: a line of the journal, a row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .pair import Pair

Record = dict[str, Any]
"""id, place, fixed, moving, status, reason, details; a done pair has verdict, reasons, numbers and files as
well: see done_record."""

DONE, FAILED, NOT_RUN = "done", "failed", "not run"

_MEASURED = ("quality", "landmarks", "segmentations", "inverse")
"""Parts of a report whose numbers go into the table."""


def done_record(pair: Pair, report: Mapping[str, Any], files: list[str]) -> Record:
    """A fused pair; files: paths within the run's folder."""
    verdict = report.get("verdict", {})
    return _record(pair, DONE) | {
        "verdict": verdict.get("verdict", ""),
        "reasons": list(verdict.get("reasons", [])),
        "numbers": _numbers(report),
        "modality": report["geometry"]["moving"]["modality"],
        "fusing_seconds": sum(report["seconds"].values()),
        "peak_memory_mb": report["peak_memory_mb"],
        "files": files,
    }


def failed_record(pair: Pair, reason: str, details: str = "") -> Record:
    """A pair that cannot be fused, and why."""
    return _record(pair, FAILED) | {"reason": reason, "details": details}


def open_record(pair: Pair, reason: str) -> Record:
    """A pair that the run has not come to, and why."""
    return _record(pair, NOT_RUN) | {"reason": reason}


def _record(pair: Pair, status: str) -> Record:
    sources = {role: pair.request[role] for role in ("fixed", "moving")}
    return {"id": pair.id, "place": pair.place, **sources, "status": status}


def _numbers(report: Mapping[str, Any]) -> dict[str, float]:
    """All single numbers that were measured, by names such as before_ncc."""
    numbers: dict[str, float] = {}
    for part in _MEASURED:
        numbers |= dict(_leaves("" if part == "quality" else part, report.get(part) or {}))
    known = {frozenset(name.split("_")) for name in numbers}
    judged = dict(_leaves("", report.get("verdict", {}).get("numbers", {})))
    # nmi_after of the verdict is after_nmi of the quality
    return numbers | {name: judged[name] for name in judged if frozenset(name.split("_")) not in known}


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{prefix}_{key}" if prefix else str(key), inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield prefix, float(value)
