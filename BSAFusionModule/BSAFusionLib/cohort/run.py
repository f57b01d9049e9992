"""A cohort from beginning to end."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..engine.errors import InputError
from ..engine.model_store import find_model, read_model
from .bids_cohort import read_bids
from .book import Book, Summary
from .checks import check_inputs
from .cluster import Place, open_workers, require_dask
from .csv_cohort import read_csv
from .derivative import describe_data_set
from .faults import CohortError, Fault, count
from .journal import Journal
from .pair import Pair, fusion_options
from .record import FAILED, failed_record
from .schedule import fuse_all, require_same_workers
from .task import PAIRS, PRIVATE, Task, clear
from .watcher import Silent, Watcher

_ROOM = 64 << 20
"""Bytes; where less is free after a failure, the disk is full and the next pairs would fail as well."""


@dataclass(frozen=True)
class Settings:
    """How a cohort is run. place: where. resume: go on with an earlier run in the same folder.

    fail_fast: end at the first pair that fails, and do not start where an input is faulty.
    """

    place: Place = field(default_factory=Place)
    resume: bool = False
    fail_fast: bool = False


def run_cohort(
    cohort: str | Path,
    out: str | Path,
    settings: Settings | None = None,
    watcher: Watcher | None = None,
    **options: Any,
) -> Summary:
    """Fuse all pairs of a cohort into a folder, with cohort.csv and cohort.html.

    cohort: a CSV file or a folder in BIDS. options: those of bsafusion fuse, with underscores, such as init.
    A script that calls it needs `if __name__ == "__main__":`, as the workers import it. Raises CohortError
    with all faults of the cohort, InputError or DependencyError; a pair that fails raises nothing.
    """
    return run(
        Path(cohort), Path(out), fusion_options(**options), settings or Settings(), watcher or Silent()
    )


def run(
    cohort: Path, out: Path, options: argparse.Namespace, settings: Settings, watcher: Watcher
) -> Summary:
    """Do run_cohort's work with parsed options, and tell the watcher of everything."""
    require_dask()
    pairs, notes = (read_bids if cohort.is_dir() else read_csv)(cohort, options)
    watcher.notes(notes)
    out = out.absolute()
    journal = Journal(out, _about(options), settings.resume)
    wanted = [pair for pair in pairs if not journal.finished(pair)]
    journal.keep({pair.id for pair in pairs} - {pair.id for pair in wanted})
    faults = check_inputs(wanted, watcher.checking)
    if faults and settings.fail_fast:
        raise CohortError(f"{count(len(faults), 'input')} cannot be used, nothing was started:", faults)
    watcher.faults(faults)
    with journal:
        _prepare(cohort, out, pairs)
        book = Book(out, pairs, journal)
        _enter_faults(book, wanted, faults)
        faulty = {fault.id for fault in faults}
        tasks = [Task(pair, out, settings.place.threads) for pair in wanted if pair.id not in faulty]
        try:
            _work(tasks, book, settings, watcher)
        finally:
            shutil.rmtree(out / PRIVATE, ignore_errors=True)
            for task in tasks:
                if task.pair.id not in journal.records:
                    clear(task)
            book.write()
    return book.summary()


def _about(options: argparse.Namespace) -> dict[str, Any]:
    """What must be the same when a run is resumed."""
    model = find_model()
    read_model(model)
    chosen = {name: str(value) for name, value in sorted(vars(options).items()) if name != "device"}
    return {"version": __version__, "model": model.sha256, **chosen}


def _prepare(cohort: Path, out: Path, pairs: list[Pair]) -> None:
    try:
        (out / PRIVATE).mkdir(exist_ok=True, mode=0o700)
        if any(pair.bids is None for pair in pairs):
            (out / PAIRS).mkdir(exist_ok=True)
        else:
            describe_data_set(cohort, out)
    except OSError as error:
        raise InputError(f"Nothing can be written to '{out}' ({error.strerror}): make room.") from error


def _enter_faults(book: Book, pairs: list[Pair], faults: list[Fault]) -> None:
    reasons: dict[str, list[str]] = {}
    for fault in faults:
        reasons.setdefault(fault.id, []).append(fault.reason)
    for pair in pairs:
        if pair.id in reasons:
            book.add(pair, failed_record(pair, " ".join(reasons[pair.id])))


def _work(tasks: list[Task], book: Book, settings: Settings, watcher: Watcher) -> None:
    """Fuse the tasks; returns early after a failure that makes going on pointless."""
    if not tasks:
        return
    with _clean(book.out / PRIVATE) as scratch, open_workers(settings.place, scratch) as workers:
        if settings.place.scheduler is not None:
            require_same_workers(workers.client, book.out)
        book.start_clock()
        watcher.started(workers.count, workers.dashboard, book.progress())
        for task, record in fuse_all(workers.client, tasks):
            book.add(task.pair, record)
            watcher.pair(record, book.progress())
            book.write_now_and_then()
            if record["status"] == FAILED:
                if shutil.disk_usage(book.out).free < _ROOM:
                    book.end_early(f"The disk of '{book.out}' became full: make room and add --resume.")
                    return
                if settings.fail_fast:
                    book.end_early("The run ended at the first failure, as asked with --fail-fast.")
                    return


@contextmanager
def _clean(folder: Path) -> Iterator[Path]:
    """A folder for the workers' temporary files, removed in every outcome."""
    scratch = folder / "workers"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
