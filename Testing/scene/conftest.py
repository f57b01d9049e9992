from collections.abc import Iterator

import pytest
import slicer

from Testing.host.mrml import mrml_scene


@pytest.fixture
def scene() -> Iterator[slicer.vtkMRMLScene]:
    with mrml_scene() as scene:
        yield scene
