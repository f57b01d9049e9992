"""Notices when the volumes of a run leave the scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .i18n import tr as _


class SceneWatch:
    """Calls lost(sentence) once, when the scene is closed or one of the nodes is removed.

    nodes: node id for each role, "fixed" and "moving".
    """

    def __init__(self, scene: Any, nodes: Mapping[str, str], lost: Callable[[str], None]) -> None:
        self._scene = scene
        self._nodes = nodes
        self._lost = lost
        self._tags = [
            scene.AddObserver(scene.StartCloseEvent, self._on_close),
            scene.AddObserver(scene.NodeRemovedEvent, self._on_removed),
        ]

    def stop(self) -> None:
        """Stop watching."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    def _on_close(self, _scene: Any, _event: str) -> None:
        self._tell(_("The scene was closed during the run: the result was discarded."))

    def _on_removed(self, _scene: Any, _event: str) -> None:
        for role, node_id in self._nodes.items():
            if self._scene.GetNodeByID(node_id) is None:
                text = _("The {role} volume was removed during the run: the result was discarded.")
                self._tell(text.format(role=role))
                return

    def _tell(self, sentence: str) -> None:
        if self._tags:
            self.stop()
            self._lost(sentence)
