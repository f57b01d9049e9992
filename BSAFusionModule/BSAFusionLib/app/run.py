"""One run: what it was asked, what it holds, and what the worker says about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..engine.config import FusionConfig
from ..engine.errors import BSAFusionError, unexpected
from ..scene.read import ijk_to_world
from .private_folder import remove_folder
from .progress import Forecast
from .request import FusionRequest
from .scene_watch import SceneWatch


class RunOwner(Protocol):
    """Who is told about a run."""

    def progress(self, run: Run, text: str, fraction: float | None) -> None:
        """Take note of progress."""

    def log(self, run: Run, text: str) -> None:
        """Take one line of the log."""

    def fail(self, run: Run, error: BSAFusionError) -> None:
        """Take note of a failure."""


class Run:
    """Holds nodes by id, a private folder and a watch on the scene; release() gives all of it back.

    request: None for a self-check. config: its options, in the end with their start. notes: on the reading of
    the volumes. then: what to do with the worker's next answer.
    """

    def __init__(self, owner: RunOwner, request: FusionRequest | None) -> None:
        self.request = request
        self.config = request.config if request else FusionConfig()
        self.began = time.monotonic()
        self.folder: Path | None = None
        self.nodes = {"fixed": request.fixed_id, "moving": request.moving_id} if request else {}
        self.places: dict[str, NDArray[np.float64]] = {}
        self.notes: list[str] = []
        self.then: Callable[[Mapping[str, Any]], None] = lambda _answer: None
        self._owner = owner
        self._watch: SceneWatch | None = None
        self._forecast = Forecast()

    def watch(self, scene: Any, lost: Callable[[str], None]) -> None:
        """Be told when the scene loses a volume of this run."""
        self._watch = SceneWatch(scene, self.nodes, lost)

    def stop_watching(self) -> None:
        """Let the scene go."""
        if self._watch is not None:
            self._watch.stop()

    def has_moved(self, node: Any, role: str) -> bool:
        """Whether a volume lies elsewhere than when it was read; both in RAS mm."""
        parent = node.GetParentTransformNode()
        if parent is not None and not parent.IsTransformToWorldLinear():
            return False  # it was resampled: its place in the world is not the node's own
        return not np.allclose(ijk_to_world(node), self.places[role], atol=1e-6)

    def remove_folder(self) -> None:
        """Remove the arrays that were handed over."""
        if self.folder is not None:
            remove_folder(self.folder)

    def release(self) -> None:
        """Give everything back."""
        self.stop_watching()
        self.remove_folder()

    def on_progress(self, step: str, done: int, total: int) -> None:
        """Pass progress on, with a forecast, and the beginning of a step to the log."""
        if done == 0:
            self._owner.log(self, f"{time.monotonic() - self.began:6.1f} s  {step}")
        self._owner.progress(self, *self._forecast.report(step, done, total))

    def on_log(self, text: str) -> None:
        """Pass one line of the log on."""
        self._owner.log(self, text)

    def on_result(self, message: dict[str, Any]) -> None:
        """Do what is to be done with the answer; one that cannot be understood ends the run."""
        try:
            self.then(message)
        except Exception as error:
            self._owner.fail(self, unexpected(error))

    def on_error(self, error: BSAFusionError) -> None:
        """Pass the failure on."""
        self._owner.fail(self, error)
