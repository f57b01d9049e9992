"""cohort.csv: one row a pair, those to look at first on top."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from .record import Record

NAME = "cohort.csv"
_FIRST = ("id", "status", "verdict", "reasons", "reason", "outlier", "outlier_in")
_LAST = ("modality", "fixed", "moving", "folder", "place", "fusing_seconds", "seconds", "peak_memory_mb")


def write_table(records: list[Record], path: Path) -> None:
    """Write ordered records as CSV (UTF-8, a point in numbers); the file appears complete or not at all."""
    names = sorted({name for record in records for name in record.get("numbers", {})})
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_FIRST, *names, *_LAST], restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(_row(record) for record in records)
    replace_text(path, text.getvalue())


def replace_text(path: Path, text: str) -> None:
    """Put a text in place of a file in one step; raises OSError and leaves the earlier one."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _row(record: Record) -> dict[str, object]:
    row = {**record, **record.get("numbers", {})}
    row["reasons"] = " ".join(record.get("reasons", []))
    row["outlier_in"] = " ".join(record.get("outlier_in", []))
    row["folder"] = next((str(Path(name).parent.as_posix()) for name in record.get("files", [])), "")
    for name in ("fusing_seconds", "seconds", "peak_memory_mb"):
        if name in row:
            row[name] = round(row[name], 2)
    return {name: _number(value) for name, value in row.items()}


def _number(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
