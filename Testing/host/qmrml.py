"""Stand-ins for the qMRML widgets in use; none offers more than the real one."""

from __future__ import annotations

from typing import Any

import qt
import shiboken6
import vtk
from PySide6 import QtCore, QtWidgets


class qMRMLWidget(qt.QWidget):
    """A widget that hands the scene to its children."""

    stand_in = True
    mrmlSceneChanged = QtCore.Signal(object)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._scene: Any = None

    @QtCore.Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged(scene)

    def mrmlScene(self) -> Any:
        return self._scene


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """What the application puts a module's widget into."""

    stand_in = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._entered = False

    isEntered = QtCore.Property(bool, lambda self: self._entered)


class _Filter:
    """Which nodes a selector lists."""

    def __init__(self) -> None:
        self.types: list[str] = []
        self.children = True
        self.hidden = False
        self.excluded: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def accepts(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.hidden:
            return False
        kind = node.GetClassName()
        if kind not in self.types and not (self.children and any(node.IsA(t) for t in self.types)):
            return False
        if kind not in self.types and any(node.IsA(t) for t in self.excluded):
            return False
        return all(self._has(node, name, value) for type_, name, value in self.attributes if node.IsA(type_))

    @staticmethod
    def _has(node: Any, name: str, value: str | None) -> bool:
        found = node.GetAttribute(name)
        return found is not None and value in (None, found)


class qMRMLNodeComboBox(qt.QWidget):
    """A selector of the scene's nodes of some types."""

    stand_in = True
    currentNodeChanged = QtCore.Signal((object,), (bool,))
    currentNodeIDChanged = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAddedByUserAction = QtCore.Signal(object)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._filter = _Filter()
        self._scene: Any = None
        self._tags: list[int] = []
        self._flags = {
            "none": False,
            "add": True,
            "remove": True,
            "edit": False,
            "rename": False,
            "select": True,
        }
        self._none_text = "None"
        self._base_name = ""
        self._current_id = ""
        self._ids: list[str] = []
        self._box = QtWidgets.QComboBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.activated.connect(self._activated)
        self._box.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)
        self.setEnabled(False)

    def _activated(self, index: int) -> None:
        self.setCurrentNodeID(self._ids[index])
        self.nodeActivated(self.currentNode())

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        nodes = [self._scene.GetNthNode(n) for n in range(self._scene.GetNumberOfNodes())]
        return [node for node in nodes if self._filter.accepts(node)]

    def _refresh(self, removed: str = "") -> None:
        if self._scene is None or self._scene.IsBatchProcessing():
            return
        nodes = [n for n in self._nodes() if n.GetID() != removed]
        self._ids = ([""] if self._flags["none"] else []) + [n.GetID() for n in nodes]
        self._box.clear()
        self._box.addItems(
            ([self._none_text] if self._flags["none"] else []) + [n.GetName() or "" for n in nodes]
        )
        wanted = self._current_id if self._current_id in self._ids else next(iter(self._ids), "")
        self._select(wanted)

    def _select(self, node_id: str) -> None:
        self._box.setCurrentIndex(self._ids.index(node_id) if node_id in self._ids else -1)
        if node_id == self._current_id:
            return
        self._current_id = node_id
        node = self.currentNode()
        bound = QtCore.QObject.__getattribute__(self, "currentNodeChanged")
        bound[object].emit(node)
        bound[bool].emit(node is not None)
        self.currentNodeIDChanged(node_id)

    def _observe(self, *_arguments: object) -> None:
        if shiboken6.isValid(self):
            self._refresh()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _added(self, _caller: object, _event: object, node: Any) -> None:
        if shiboken6.isValid(self) and self._filter.accepts(node):
            self._refresh()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _removed(self, _caller: object, _event: object, node: Any) -> None:
        if shiboken6.isValid(self) and node.GetID() in self._ids:
            self._refresh(node.GetID())

    @QtCore.Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        self.setEnabled(scene is not None)
        if scene is None:
            return
        changes = (
            scene.EndBatchProcessEvent,
            scene.EndCloseEvent,
            scene.EndImportEvent,
        )
        self._tags = [scene.AddObserver(event, self._observe) for event in changes]
        self._tags.append(scene.AddObserver(scene.NodeAddedEvent, self._added))
        self._tags.append(scene.AddObserver(scene.NodeRemovedEvent, self._removed))
        self.destroyed.connect(_unobserver(scene, tuple(self._tags)))
        self._refresh()

    def mrmlScene(self) -> Any:
        return self._scene

    def currentNode(self) -> Any:
        return (
            self._scene.GetNodeByID(self._current_id)
            if self._scene is not None and self._current_id
            else None
        )

    @QtCore.Slot(object)
    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID("" if node is None else node if isinstance(node, str) else node.GetID())

    @QtCore.Slot(str)
    def setCurrentNodeID(self, node_id: str) -> None:
        if node_id not in self._ids:
            self._refresh()
        self._select(node_id if node_id in self._ids else "")

    @QtCore.Slot(int)
    def setCurrentNodeIndex(self, index: int) -> None:
        self.setCurrentNodeID([i for i in self._ids if i][index])

    @QtCore.Slot(result=object)
    def addNode(self) -> Any:
        node = self._scene.AddNewNodeByClass(self._filter.types[0], self._base_name or "")
        self.setCurrentNode(node)
        self.nodeAddedByUserAction(node)
        return node

    def nodeCount(self) -> int:
        return len(self._nodes())

    def nodeFromIndex(self, index: int) -> Any:
        return self._nodes()[index]

    def addAttribute(self, node_type: str, name: str, value: str | None = None) -> None:
        self._filter.attributes.append((node_type, name, value))
        self._refresh()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self._filter.attributes = [a for a in self._filter.attributes if a[:2] != (node_type, name)]
        self._refresh()

    def _set_filter(self, name: str, value: Any) -> None:
        setattr(self._filter, name, value)
        self._refresh()

    def _set_flag(self, name: str, value: bool) -> None:
        self._flags[name] = value
        self._refresh()

    def _set_none_text(self, value: str) -> None:
        self._none_text = value
        self._refresh()

    def _set_base_name(self, value: str) -> None:
        self._base_name = value

    currentNodeID = QtCore.Property(str, lambda self: self._current_id, setCurrentNodeID)
    nodeTypes = QtCore.Property(
        "QStringList", lambda self: self._filter.types, lambda self, v: self._set_filter("types", list(v))
    )
    showHidden = QtCore.Property(
        bool, lambda self: self._filter.hidden, lambda self, v: self._set_filter("hidden", v)
    )
    showChildNodeTypes = QtCore.Property(
        bool, lambda self: self._filter.children, lambda self, v: self._set_filter("children", v)
    )
    hideChildNodeTypes = QtCore.Property(
        "QStringList",
        lambda self: self._filter.excluded,
        lambda self, v: self._set_filter("excluded", list(v)),
    )
    baseName = QtCore.Property(str, lambda self: self._base_name, _set_base_name)
    noneDisplay = QtCore.Property(str, lambda self: self._none_text, _set_none_text)
    noneEnabled = QtCore.Property(
        bool, lambda self: self._flags["none"], lambda self, v: self._set_flag("none", v)
    )
    addEnabled = QtCore.Property(
        bool, lambda self: self._flags["add"], lambda self, v: self._set_flag("add", v)
    )
    removeEnabled = QtCore.Property(
        bool, lambda self: self._flags["remove"], lambda self, v: self._set_flag("remove", v)
    )
    editEnabled = QtCore.Property(
        bool, lambda self: self._flags["edit"], lambda self, v: self._set_flag("edit", v)
    )
    renameEnabled = QtCore.Property(
        bool, lambda self: self._flags["rename"], lambda self, v: self._set_flag("rename", v)
    )
    selectNodeUponCreation = QtCore.Property(
        bool, lambda self: self._flags["select"], lambda self, v: self._set_flag("select", v)
    )


def _unobserver(scene: Any, tags: tuple[int, ...]) -> Any:
    def remove() -> None:
        for tag in tags:
            scene.RemoveObserver(tag)

    return remove
