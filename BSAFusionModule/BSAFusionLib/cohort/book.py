"""The books of a run: journal, table and page, kept up while results come in."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..engine.errors import InputError
from .journal import Journal, fingerprint
from .outliers import first_to_look_at
from .page import NAME as PAGE
from .page import Page
from .pair import Pair
from .record import DONE, FAILED, NOT_RUN, Record, open_record
from .table import NAME as TABLE
from .table import replace_text, write_table

_PAUSE = 1.0  # seconds between two versions of table and page, at least
_SHARE = 50  # and at least this many times as long as it takes to write them


@dataclass(frozen=True)
class Progress:
    """How far a run is: pairs in all, done and failed, and seconds left, None where that is unknown."""

    total: int
    done: int
    failed: int
    seconds_left: float | None


@dataclass(frozen=True)
class Summary:
    """What came out of a run: records in the order of the table, its files, and why it ended early, if so."""

    records: list[Record]
    table: Path
    page: Path
    ended_early: str

    def count(self, status: str) -> int:
        """How many pairs are done, failed or not run."""
        return sum(record["status"] == status for record in self.records)

    def verdicts(self) -> dict[str, int]:
        """How many done pairs have each verdict."""
        return dict(Counter(record["verdict"] for record in self.records if record["status"] == DONE))


class Book:
    """Takes in records and keeps journal, table and page true to them."""

    def __init__(self, out: Path, pairs: list[Pair], journal: Journal) -> None:
        self.out = out
        self._pairs, self._journal, self._page = pairs, journal, Page(out)
        self._began, self._added = time.monotonic(), 0
        self._write_again_at = 0.0
        self._ended_early = ""

    def start_clock(self) -> None:
        """Begin to measure the speed from which the time left is told."""
        self._began, self._added = time.monotonic(), 0

    def add(self, pair: Pair, record: Record) -> None:
        """Keep a record for good; raises InputError where the disk is full."""
        self._added += 1
        try:
            self._journal.add(record | {"inputs": fingerprint(pair)})
        except OSError as error:
            raise self._no_room(error) from error

    def end_early(self, reason: str) -> None:
        """Say why pairs are left that were not run."""
        self._ended_early = reason

    def progress(self) -> Progress:
        """Count what is there."""
        statuses = Counter(record["status"] for record in self._journal.records.values())
        left = len(self._pairs) - statuses.total()
        seconds = (time.monotonic() - self._began) / self._added * left if self._added else None
        return Progress(len(self._pairs), statuses[DONE], statuses[FAILED], seconds)

    def write_now_and_then(self) -> None:
        """Write table and page unless they are new; a large cohort's take time themselves."""
        if time.monotonic() < self._write_again_at:
            return
        began = time.monotonic()
        self.write()
        ended = time.monotonic()
        self._write_again_at = ended + max(_PAUSE, _SHARE * (ended - began))

    def write(self) -> None:
        """Write table and page; raises InputError where the disk is full."""
        records = self._ordered()
        try:
            write_table(records, self.out / TABLE)
            replace_text(self.out / PAGE, self._page.render(records, self._ended_early))
        except OSError as error:
            raise self._no_room(error) from error

    def summary(self) -> Summary:
        """What came out."""
        return Summary(self._ordered(), self.out / TABLE, self.out / PAGE, self._ended_early)

    def _ordered(self) -> list[Record]:
        known = self._journal.records
        reason = self._ended_early or NOT_RUN
        records = [known.get(pair.id) or open_record(pair, reason) for pair in self._pairs]
        return first_to_look_at(records)

    def _no_room(self, error: OSError) -> InputError:
        return InputError(
            f"Nothing more can be written to '{self.out}' ({error.strerror}): make room and go on with "
            "--resume, nothing that is done is lost."
        )
