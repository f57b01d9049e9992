"""A folder for one run's arrays that nobody else can read, and that does not stay behind."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from pathlib import Path

from ..engine.errors import WorkerError

_PREFIX = "bsafusion-run-"
_MARGIN = 64 * 2**20
_OLD_SECONDS = 86400.0


def make_private_folder(needed: int) -> Path:
    """Make an empty folder, readable by this user alone, where `needed` bytes fit.

    Folders of runs whose process has died are removed on the way. Raises WorkerError.
    """
    temporary = Path(tempfile.gettempdir())
    _sweep(temporary)
    try:
        free = shutil.disk_usage(temporary).free
        if free < needed + _MARGIN:
            raise WorkerError(
                f"The disk that holds '{temporary}' is full: {needed / 2**20:.0f} MB are needed and "
                f"{free / 2**20:.0f} MB are free. Free some space and run again."
            )
        return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    except OSError as error:
        raise disk_error(error) from error


def disk_error(error: OSError) -> WorkerError:
    """Say what is wrong with the disk that holds temporary files."""
    folder = tempfile.gettempdir()
    if error.errno == errno.ENOSPC:
        message = f"The disk that holds '{folder}' is full: free some space and run again."
    else:
        message = f"Temporary files in '{folder}' cannot be used ({error.strerror}): check its permissions."
    return WorkerError(message, str(error))


def remove_folder(folder: Path) -> None:
    """Remove a run's folder and all that it holds."""
    shutil.rmtree(folder, ignore_errors=True)


def _sweep(temporary: Path) -> None:
    """Remove folders left by processes that were killed together with their worker."""
    for folder in temporary.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and _is_abandoned(folder, int(owner)):
            remove_folder(folder)


def _is_abandoned(folder: Path, owner: int) -> bool:
    if os.name == "nt":  # cannot be asked, without ending it, whether a process lives
        return time.time() - folder.stat().st_mtime > _OLD_SECONDS
    return not _lives(owner)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
