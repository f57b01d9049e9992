"""One review tool at a time, which ends by itself when what it shows goes away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import slicer

from .review_tool import ReviewTool

Tool = TypeVar("Tool", bound=ReviewTool)


class Review:
    """Holds the present tool; leaves it before the scene is closed or saved, or loses a node it needs.

    left: told after a tool has ended that way.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, left: Callable[[], None] = lambda: None) -> None:
        self._scene = scene
        self._left = left
        self._tool: ReviewTool | None = None
        events = {
            scene.StartCloseEvent: self._on_scene,
            scene.StartImportEvent: self._on_scene,
            scene.StartSaveEvent: self._on_scene,
            scene.NodeRemovedEvent: self._on_removed,
        }
        self._tags = [scene.AddObserver(event, callback) for event, callback in events.items()]

    @property
    def tool(self) -> ReviewTool | None:
        """The present tool."""
        return self._tool

    def begin(self, make: Callable[[], Tool]) -> Tool:
        """Leave the present tool and begin another; raises what make raises, with no tool then."""
        self.leave()
        tool = make()
        self._tool = tool
        return tool

    def leave(self) -> None:
        """Bring everything back as it was before the tool."""
        tool, self._tool = self._tool, None
        if tool is not None:
            tool.leave()

    def close(self) -> None:
        """Leave, and follow the scene no longer."""
        self.leave()
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    def _on_scene(self, _scene: Any, _event: str) -> None:
        self._end()

    def _on_removed(self, _scene: Any, _event: str) -> None:
        if self._tool is not None and self._tool.has_lost_a_node():
            self._end()

    def _end(self) -> None:
        if self._tool is not None:
            self.leave()
            self._left()
