"""The panel's tests run in the stand-in desktop; each module of them in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from Testing.host import desktop

from .parts import add_volume

ROOT = Path(__file__).parents[2]
SCRIPTED_WORKER = ROOT / "Testing" / "app" / "scripted_worker.py"
MODULE = ROOT / "BSAFusionModule" / "BSAFusion.py"


@pytest.fixture(scope="session")
def application() -> Any:
    return desktop.start()


@pytest.fixture
def scene(application: Any) -> Iterator[Any]:  # noqa: ARG001
    import slicer

    yield slicer.mrmlScene
    desktop.clear()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def pair(scene: Any) -> tuple[Any, Any]:
    return add_volume(scene, "T1", 2.0), add_volume(scene, "CT", 4.0)


class OpenPanel:
    """Opens the panel with a worker that behaves as told, and closes it."""

    def __init__(self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self._entry = desktop.load_module(MODULE)
        self._stack = stack
        self._monkeypatch = monkeypatch

    def __call__(self, behaviour: str = "well") -> Any:
        command = [sys.executable, "-u", str(SCRIPTED_WORKER), behaviour]
        self._monkeypatch.setattr("BSAFusionLib.panel.fusion_panel.worker_command", lambda: command)
        return self._stack.enter_context(desktop.opened(self._entry))

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def open_panel(
    scene: Any,  # noqa: ARG001
    temporary: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[OpenPanel]:
    with ExitStack() as stack:
        yield OpenPanel(stack, monkeypatch)
