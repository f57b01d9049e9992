"""Files that appear all together or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..engine.errors import InputError
from .output_folder import rename_all


@contextmanager
def output_files(targets: Sequence[Path], force: bool, inputs: Iterable[Path]) -> Iterator[list[Path]]:
    """Yield a private name for each target; on leaving without an error all are moved to their targets.

    force: targets may exist and are replaced. inputs: files that must survive. Missing folders are made, and
    removed again after an error. Raises InputError where a target cannot be written.
    """
    _check(targets, force, inputs)
    created: list[Path] = []
    private: Path | None = None
    try:
        try:
            for target in targets:
                created += _make_folders(target.parent)
            private = Path(tempfile.mkdtemp(prefix=".bsafusion-", dir=targets[0].parent))
            partial = [private / target.name for target in targets]
            yield partial
            rename_all(list(zip(partial, targets, strict=True)))
        except OSError as error:
            place = targets[0].parent
            reason = error.strerror or str(error)
            raise InputError(
                f"Nothing can be written to '{place}' ({reason}): choose another folder."
            ) from error
        created.clear()
    finally:
        if private is not None:
            shutil.rmtree(private, ignore_errors=True)
        for folder in reversed(created):
            folder.rmdir()


def _check(targets: Sequence[Path], force: bool, inputs: Iterable[Path]) -> None:
    kept = [path.resolve() for path in inputs]
    for target in targets:
        if target.resolve() in kept:
            raise InputError(f"'{target}' is an input: choose another name for the result.")
        if list(targets).count(target) > 1:
            raise InputError(f"Two results would be called '{target}': rename an input, or run twice.")
        if target.is_dir():
            raise InputError(f"'{target}' is a folder: give the result the name of a file.")
        if target.exists() and not force:
            raise InputError(f"'{target}' exists: choose another name, or add --force.")


def _make_folders(path: Path) -> list[Path]:
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
    return missing[::-1]
