"""The function that translates, from Slicer's desktop; elsewhere text stays as it is."""

from __future__ import annotations

from collections.abc import Callable


def _find() -> Callable[[str], str]:
    try:
        from slicer.i18n import tr
    except ImportError:  # the package slicer-core has no desktop
        return lambda text: text
    found: Callable[[str], str] = tr
    return found


tr = _find()
"""Gives text in the user's language. It looks by the file of its caller: call it directly, never wrap it."""
