"""Changes of a scene that happen together or not at all."""

from __future__ import annotations

from types import TracebackType

import slicer
import vtk


class Transaction:
    """A block whose changes of the scene are undone when it raises.

    Undone are nodes that have appeared, also those that Slicer adds to ours, as display nodes; items of the
    subject hierarchy that have appeared; content, attributes and references of the nodes given to keep().
    The undo stack and the selection are never touched.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self._kept: list[tuple[slicer.vtkMRMLNode, slicer.vtkMRMLNode]] = []
        self._known_nodes: set[str] = set()
        self._known_items: set[int] = set()

    def __enter__(self) -> Transaction:
        self._known_items = _items(self._scene)  # first: this adds the tree's node to a scene without one
        self._known_nodes = _node_ids(self._scene)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._undo()

    def keep(self, node: slicer.vtkMRMLNode) -> None:
        """Remember a node of the scene before it is changed."""
        self._kept.append((node, remembered(node)))

    def _undo(self) -> None:
        for node, copy in reversed(self._kept):
            bring_back(node, copy)
        for node_id in _node_ids(self._scene) - self._known_nodes:
            self._scene.RemoveNode(self._scene.GetNodeByID(node_id))
        for item in _items(self._scene) - self._known_items:
            self._scene.GetSubjectHierarchyNode().RemoveItem(item, False, False)


def remembered(node: slicer.vtkMRMLNode) -> slicer.vtkMRMLNode:
    """Copy what a node holds and refers to; voxels and transforms are shared, not copied."""
    copy = node.CreateNodeInstance()
    copy.UnRegister(None)
    copy.CopyContent(node, False)
    copy.CopyReferences(node)
    return copy


def bring_back(node: slicer.vtkMRMLNode, copy: slicer.vtkMRMLNode) -> None:
    """Make a node as it was when it was remembered."""
    node.CopyContent(copy, False)
    node.CopyReferences(copy)
    if node.IsA("vtkMRMLDisplayNode"):
        node.SetViewNodeIDs(copy.GetViewNodeIDs())  # CopyContent adds to them


def _node_ids(scene: slicer.vtkMRMLScene) -> set[str]:
    return {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}


def _items(scene: slicer.vtkMRMLScene) -> set[int]:
    hierarchy = scene.GetSubjectHierarchyNode()
    found = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), found, True)
    return {found.GetId(n) for n in range(found.GetNumberOfIds())}
