"""A folder that receives all results of a run or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from ..engine.errors import InputError

RESULT_NAMES = (
    "fused.nrrd",
    "aligned.nrrd",
    "fused_color.nrrd",
    "transform.h5",
    "displacement.nrrd",
    "inverse_transform.h5",
    "confidence.nrrd",
    "report.json",
    "report.html",
    "preview.png",
    "scene.mrb",
)
"""Every file a run may write."""


class OutputFolder:
    """Context that offers a private folder, whose files come into the chosen one only by publish().

    The private folder lies inside the chosen one, so that moving is renaming on one file system. Leaving the
    context removes it, and, when nothing was published, every folder that entering has created.
    """

    def __init__(self, path: Path, force: bool, inputs: Iterable[Path]) -> None:
        """path: where the results go; force: it may hold earlier results; inputs: files that must survive."""
        self._path = path
        self._force = force
        self._inputs = [file.resolve() for file in inputs]
        self._created: list[Path] = []
        self._published = False
        self.private = Path()

    def __enter__(self) -> OutputFolder:
        """Raise InputError if the folder cannot be used."""
        self._check()
        try:
            self._create()
        except OSError as error:
            self._remove_created()
            reason = error.strerror or str(error)
            message = f"Nothing can be written to '{self._path}' ({reason}): choose another folder."
            raise InputError(message) from error
        except BaseException:
            self._remove_created()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove whatever is not a published result."""
        shutil.rmtree(self.private, ignore_errors=True)
        if not self._published:
            self._remove_created()

    def publish(self) -> list[str]:
        """Move the results in, in place of all earlier ones; on failure the earlier ones come back.

        Returns the names of the files, in the order of RESULT_NAMES.
        """
        earlier = self.private / "earlier"
        earlier.mkdir()
        new = [name for name in RESULT_NAMES if (self.private / name).exists()]
        old = [name for name in RESULT_NAMES if (self._path / name).exists()]
        moves = [(self._path / name, earlier / name) for name in old]
        moves += [(self.private / name, self._path / name) for name in new]
        rename_all(moves)
        self._published = True
        return new

    def _check(self) -> None:
        if not self._path.exists():
            return
        if not self._path.is_dir():
            raise InputError(f"'{self._path}' is a file: give --out the name of a folder.")
        if any(self._path.iterdir()) and not self._force:
            raise InputError(f"The folder '{self._path}' is not empty: choose another one, or add --force.")
        for name in RESULT_NAMES:
            if (self._path / name).resolve() in self._inputs:
                raise InputError(f"'{self._path / name}' is an input: choose another folder for the results.")

    def _create(self) -> None:
        missing = [folder for folder in (self._path, *self._path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir()
            self._created.append(folder)
        self.private = Path(tempfile.mkdtemp(prefix=".bsafusion-", dir=self._path))

    def _remove_created(self) -> None:
        for folder in reversed(self._created):
            folder.rmdir()
        self._created.clear()


def rename_all(moves: list[tuple[Path, Path]]) -> None:
    """Rename every (source, target), or, when one fails, none."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.replace(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.replace(source)
        raise
