"""Rows of a long measurement in a file, so that it can be taken in turns and by several processes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from BSAFusionLib.engine import alignment, alignment_search, body, body_mask, pose, similarity
from BSAFusionLib.engine.alignment import LinearAlignment

from .json_lines import Row, append_row, read_rows


class Rows:
    """A JSON object a line, each with its number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[int, Row]:
        """All rows by number."""
        return {row["number"]: row for row in read_rows(self._path)}

    def append(self, row: Row) -> None:
        """Add one row at the end, whole, whoever else writes."""
        append_row(self._path, row)


def turn(numbers: Sequence[int], part: str, minutes: float) -> Iterator[int]:
    """Every number of part "n/m" until time is up."""
    n, m = (int(word) for word in part.split("/"))
    until = time.monotonic() + 60 * minutes
    for number in numbers:
        if number % m == n % m and time.monotonic() < until:
            yield number


def search_digest() -> str:
    """A name for the code that searches the initial alignment, settings and all."""
    modules = (alignment, alignment_search, body, body_mask, pose, similarity)
    source = b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
    return hashlib.sha256(source).hexdigest()[:12]


def alignment_row(found: LinearAlignment) -> Row:
    """An alignment, ready for JSON."""
    return vars(found) | {"matrix": found.matrix.tolist()}


def alignment_of(row: Row) -> LinearAlignment:
    """The alignment of a row."""
    return LinearAlignment(**row | {"matrix": np.array(row["matrix"])})
