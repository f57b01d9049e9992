"""What a process does with freed memory.

To give it back in between, as glibc does, and to get it anew costs a tenth of the network's time at 256 x 256
pixels, and three tenths at 512 x 512 in calls of eight.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt, malloc.h
_MOST = 2**31 - 1
_MOST_BEFORE_2_35 = 32 * 2**20


def keep_memory() -> None:
    """Let freed memory stay with this process; for processes that compute. Where the C library is not glibc,
    nothing happens."""
    glibc = _glibc()
    if glibc is None:
        return
    if not glibc.mallopt(_MMAP_THRESHOLD, _MOST):
        glibc.mallopt(_MMAP_THRESHOLD, _MOST_BEFORE_2_35)
    glibc.mallopt(_TRIM_THRESHOLD, _MOST)


def give_memory_back() -> None:
    """Return to the system what this process does not use; for processes that wait."""
    glibc = _glibc()
    if glibc is not None:
        glibc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
