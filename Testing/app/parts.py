"""Collaborators of the controller that record what they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import slicer.util
from BSAFusionLib.app.controller import FusionController
from BSAFusionLib.app.scheduler import Loop
from BSAFusionLib.app.view import Outcome, State
from BSAFusionLib.app.worker_client import WorkerClient


class RecordingView:
    def __init__(self) -> None:
        self.states: list[State] = []
        self.outcomes: list[Outcome] = []
        self.progress: list[tuple[str, float | None]] = []
        self.logged: list[str] = []

    def show_state(self, state: State) -> None:
        self.states.append(state)

    def show_progress(self, text: str, fraction: float | None) -> None:
        self.progress.append((text, fraction))

    def show_log(self, text: str) -> None:
        self.logged.append(text)

    def show_outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class FakeInstaller:
    """Answers as told, and lets what it does be seen."""

    def __init__(self, says_yes: bool = True, works: bool = True) -> None:
        self.says_yes = says_yes
        self.works = works
        self.questions: list[str] = []
        self.installed: list[tuple[str, bool]] = []
        self.when_done: Callable[[], None] = lambda: None

    def ask(self, question: str) -> bool:
        self.questions.append(question)
        return self.says_yes

    def install(self, name: str, repair: bool) -> None:
        self.installed.append((name, repair))
        if not self.works:
            raise RuntimeError("no route to host")
        self.when_done()

    def target(self) -> Path:
        return Path("/opt/slicer/lib")


class Bench:
    """A controller with everything around it, and a pair of volumes in the scene."""

    def __init__(self, scene: Any, client: WorkerClient, loop: Loop, installer: FakeInstaller) -> None:
        self.scene, self.client, self.loop, self.installer = scene, client, loop, installer
        self.view = RecordingView()
        self.controller = FusionController(scene, self.view, client, installer, loop)
        self.fixed = add_volume(scene, "MR", 2.0)
        self.moving = add_volume(scene, "CT", 4.0)

    def wait(self) -> Outcome:
        self.loop.run_until(lambda: bool(self.view.outcomes) and not self.controller.state.is_busy)
        return self.view.outcomes[-1]

    def wait_for_progress(self) -> None:
        self.loop.run_until(lambda: any(fraction for _text, fraction in self.view.progress))


def add_volume(scene: Any, name: str, value: float) -> Any:
    """A volume of nearly one value: the voxel (0, 0, 0) is 0."""
    array = np.full((4, 5, 6), value, np.float32)
    array[0, 0, 0] = 0
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetSpacing(20, 20, 30)
    return node


def node_names(scene: Any) -> list[str]:
    return [scene.GetNthNode(n).GetName() for n in range(scene.GetNumberOfNodes())]
