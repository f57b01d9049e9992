"""Silence for libraries that write to the terminal on their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import SimpleITK as sitk

_STDERR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what ITK, GDCM and HDF5 print off the terminal; errors still arrive as exceptions.

    The standard error stream of the whole process is redirected meanwhile: some of these libraries write
    to it directly.
    """
    warnings = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a desktop application on Windows has no such stream
        kept = None
    try:
        if kept is not None:
            _redirect_to_nothing()
        yield
    finally:
        if kept is not None:
            os.dup2(kept, _STDERR)
            os.close(kept)
        sitk.ProcessObject.SetGlobalWarningDisplay(warnings)


def _redirect_to_nothing() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, _STDERR)
    os.close(nothing)
