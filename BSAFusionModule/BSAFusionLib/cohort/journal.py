"""The memory of a run: one line for every pair that has been tried, written before anything else is done.

DIR/cohort.jsonl: a line about the run, then one record a line. What was cut off by a crash is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from ..engine.errors import InputError
from .pair import Pair
from .record import DONE, Record

NAME = "cohort.jsonl"
_FORMAT = 1


class Journal:
    """The records of a run by the pair's id, in memory and in a file that only grows.

    Use it as a context, so that the file is closed; no second process can open it meanwhile.
    """

    def __init__(self, out: Path, about: dict[str, Any], resume: bool) -> None:
        """out: folder of the run; about: what must be the same for results to be comparable.

        Raises InputError when the folder holds another run, or when nothing can be written.
        """
        self._out, self._path = out, out / NAME
        self._about = {"cohort": _FORMAT, **about}
        self._length: int | None = None
        self.records: dict[str, Record] = {}
        if resume and self._path.exists():
            self._read()
        elif out.exists() and (not out.is_dir() or any(out.iterdir())):
            remedy = "add --resume to go on with it" if self._path.exists() else "choose another one"
            raise InputError(f"The folder '{out}' is not empty: {remedy}.")

    def __enter__(self) -> Journal:
        """Open the file for writing, without what a crash has cut off; nothing is written before this."""
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            try:
                _lock(self._file.fileno(), self._out)
            except InputError:
                self._file.close()
                raise
            if self._length is None:
                self._append(self._about)
            else:
                self._file.truncate(self._length)
        except OSError as error:
            raise InputError(
                f"Nothing can be written to '{self._out}' ({error.strerror}): choose another folder."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, record: Record) -> None:
        """Keep a record; it is on the disk when this returns. Raises OSError, and has it in memory then."""
        self.records[record["id"]] = record
        self._append(record)

    def finished(self, pair: Pair) -> bool:
        """True where an earlier run has fused this very pair and its files are all there."""
        record = self.records.get(pair.id)
        return (
            record is not None
            and record["status"] == DONE
            and record["inputs"] == fingerprint(pair)
            and all((self._out / name).exists() for name in record["files"])
        )

    def keep(self, ids: set[str]) -> None:
        """Forget all records but these; their lines stay in the file, where later ones replace them."""
        self.records = {name: record for name, record in self.records.items() if name in ids}

    def _append(self, content: dict[str, Any]) -> None:
        self._file.write(json.dumps(content).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> None:
        try:
            content = self._path.read_bytes()
            self._length = content.rfind(b"\n") + 1
            first, *records = [json.loads(line) for line in content[: self._length].splitlines()]
            self.records = {record["id"]: record for record in records}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"'{self._path}' is damaged: choose another folder for a new run.") from error
        for key, value in self._about.items():
            if first.get(key) != value:
                raise InputError(
                    f"The run in '{self._out}' had {key} {first.get(key)}, this one has {value}: "
                    "use the same, or choose another folder."
                )


def fingerprint(pair: Pair) -> str:
    """Changes with the pair's options and with its files (size, time)."""
    stamps = [_stamp(Path(file)) for file in pair.files]
    return hashlib.sha256(json.dumps([pair.request, stamps], sort_keys=True).encode()).hexdigest()


def _stamp(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]


def _lock(descriptor: int, out: Path) -> None:
    """One run in a folder; the system lifts it when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(f"Another run is writing to '{out}': wait for its end.") from error
