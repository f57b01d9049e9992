"""Files with a JSON object a line: a long measurement adds to them and goes on where it was left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def read_rows(file: Path) -> list[Row]:
    """All rows, none where there is no file."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def append_row(file: Path, row: Row) -> None:
    """Add one row at the end, whole, whoever else writes."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def pairs_done(run: Path) -> list[Row]:
    """What a run of bsafusion batch has noted of the pairs that are done; its first line is about the run."""
    return [row for row in read_rows(run / "cohort.jsonl")[1:] if row["status"] == "done"]
