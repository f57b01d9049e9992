"""Stand-in for the selector of many nodes; it offers no more than the real one."""

from __future__ import annotations

from typing import Any

import shiboken6
from PySide6 import QtCore

from .qmrml import qMRMLNodeComboBox


class qMRMLCheckableNodeComboBox(qMRMLNodeComboBox):
    """A selector whose nodes can be checked; nodes that leave the scene are no longer checked."""

    stand_in = True
    checkedNodesChanged = QtCore.Signal()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._checked: set[str] = set()

    def _refresh(self, removed: str = "") -> None:
        super()._refresh(removed)
        gone = self._checked - set(self._ids)
        self._checked -= gone
        for index, node_id in enumerate(self._ids):
            mark = "\u2611" if node_id in self._checked else "\u2610"
            node = self._scene.GetNodeByID(node_id)
            self._box.setItemText(index, f"{mark} {node.GetName() if node else ''}")
        if gone and shiboken6.isValid(self):
            self.checkedNodesChanged()

    @QtCore.Slot(result=object)
    def checkedNodes(self) -> Any:
        return tuple(node for node in self._nodes() if node.GetID() in self._checked)

    @QtCore.Slot(result=object)
    def uncheckedNodes(self) -> Any:
        return tuple(node for node in self._nodes() if node.GetID() not in self._checked)

    @QtCore.Slot(object)
    def check(self, node: Any) -> None:
        self._checked.add(node.GetID())
        self._refresh()
        self.checkedNodesChanged()

    @QtCore.Slot(object)
    def uncheck(self, node: Any) -> None:
        self._checked.discard(node.GetID())
        self._refresh()
        self.checkedNodesChanged()

    @QtCore.Slot(result=bool)
    def noneChecked(self) -> bool:
        return not self.checkedNodes()
