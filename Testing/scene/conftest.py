from collections.abc import Iterator

import pytest
import slicer

from Testing.engine.phantoms import ramp
from Testing.host.mrml import mrml_scene
from Testing.scene.nodes import add_volume
from Testing.scene.results import GRID


@pytest.fixture
def scene() -> Iterator[slicer.vtkMRMLScene]:
    with mrml_scene() as scene:
        yield scene


@pytest.fixture
def pair(scene: slicer.vtkMRMLScene) -> tuple[str, str]:
    fixed = add_volume(scene, ramp(GRID, "Head MR"))
    moving = add_volume(scene, ramp(GRID, "Head CT"))
    moving.GetDisplayNode().SetAutoWindowLevel(False)
    moving.GetDisplayNode().SetWindowLevel(80, 40)
    return fixed.GetID(), moving.GetID()
