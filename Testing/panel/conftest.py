"""The panel's tests run in the stand-in desktop; each module of them in a process of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from Testing.host import desktop


@pytest.fixture(scope="session")
def application() -> Any:
    return desktop.start()


@pytest.fixture
def scene(application: Any) -> Iterator[Any]:  # noqa: ARG001
    import slicer

    yield slicer.mrmlScene
    desktop.clear()
