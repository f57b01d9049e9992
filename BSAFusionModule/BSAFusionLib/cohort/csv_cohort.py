"""A cohort as a table: one pair a row, in a CSV file with the columns fixed, moving and, better, id."""

from __future__ import annotations

import argparse
import csv
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from ..engine.errors import BSAFusionError, InputError
from .faults import CohortError, Fault, count
from .pair import Pair, option_names, pair_request

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NEEDED = ("fixed", "moving")
_DELIMITERS = ",;\t"


def read_csv(path: Path, options: argparse.Namespace) -> tuple[list[Pair], list[str]]:
    """Read the pairs, and what the user should know about the table, in sentences.

    Columns: fixed, moving, id, and every option of bsafusion fuse by its name, two files of one option with a
    semicolon between; paths are relative to the table's folder; commas, semicolons or tabs between the cells.
    Raises CohortError with all faults.
    """
    columns, rows = _read_rows(path)
    names = option_names()
    options_of = {_plain(name): name for name in names.values()}
    unused, faults = _sort_columns(columns, options_of)
    pairs: list[Pair] = []
    for number, (line, row) in enumerate(rows, start=1):
        place, pair_id = f"row {line}", row.get("id", "") or f"pair-{number:04d}"
        own = {options_of[name]: value for name, value in row.items() if name in options_of}
        try:
            _check_row(row, pair_id)
            request = pair_request(
                Path(row["fixed"]), Path(row["moving"]), options, own, path.absolute().parent
            )
        except BSAFusionError as error:
            faults.append(Fault(place, pair_id, error.message))
        else:
            pairs.append(Pair(pair_id, place, request))
    faults += _doubled(pairs)
    if faults:
        raise CohortError(f"'{path}' has {count(len(faults), 'fault')}, correct them and run again:", faults)
    notes = [f"Columns that are not used: {', '.join(unused)}."] if unused else []
    return pairs, notes


def _read_rows(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Plain column names, and (line, row) of every row that is not empty."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(
            f"'{path}' cannot be read ({reason}): give a CSV file or a folder in BIDS."
        ) from error
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(_DELIMITERS, key=first.count), strict=True)
    try:
        columns = [_plain(name) for name in next(reader, [])]
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InputError(f"'{path}' is no CSV file, see line {reader.line_num}: {error}.") from error
    if not lines:
        raise InputError(f"'{path}' holds no pairs: write the columns fixed, moving and id, one pair a row.")
    return columns, [(line, _cells(columns, cells)) for line, cells in lines]


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}


def _sort_columns(columns: list[str], options_of: dict[str, str]) -> tuple[list[str], list[Fault]]:
    """Columns that mean nothing here, and the faults of the header."""
    faults = [
        Fault("row 1", "", f"The column '{name}' is missing: add it.")
        for name in _NEEDED
        if name not in columns
    ]
    faults += [
        Fault("row 1", "", f"The column '{name}' is there twice: remove one.")
        for name in sorted({name for name in columns if columns.count(name) > 1})
    ]
    known = [*_NEEDED, "id", *options_of]
    unused = [name for name in columns if name not in known]
    for name in list(unused):
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if close:
            unused.remove(name)
            faults.append(Fault("row 1", "", f"The column '{name}' is unknown: is '{close[0]}' meant?"))
    return unused, faults


def _check_row(row: dict[str, str], pair_id: str) -> None:
    for column in _NEEDED:
        if not row.get(column):
            raise InputError(f"The cell '{column}' is empty: write the path of a volume.")
    if not _ID.fullmatch(pair_id):
        raise InputError(
            f"The id '{pair_id}' cannot name a folder: use letters, digits, dots, dashes and underscores."
        )


def _doubled(pairs: list[Pair]) -> Iterator[Fault]:
    """Ids that come again; letter case does not count, as file systems differ there."""
    seen: dict[str, str] = {}
    for pair in pairs:
        first = seen.setdefault(pair.id.lower(), pair.place)
        if first != pair.place:
            yield Fault(pair.place, pair.id, f"The id '{pair.id}' is that of {first}: give it another one.")


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")
