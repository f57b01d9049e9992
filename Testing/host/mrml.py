"""A real MRML scene for the tests, as the array functions of slicer.util expect it.

Scenes may follow each other in one process, for nothing but slicer.mrmlScene is shared: scene tests need no
process of their own.
"""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

import slicer
import slicer.util
from BSAFusionLib.scene.standalone import standalone_scene

faulthandler.enable()


@contextmanager
def mrml_scene() -> Iterator[slicer.vtkMRMLScene]:
    """Yield an empty scene that is slicer.mrmlScene as long as it is used."""
    with standalone_scene() as scene:
        slicer.mrmlScene = scene
        try:
            yield scene
        finally:
            del slicer.mrmlScene
