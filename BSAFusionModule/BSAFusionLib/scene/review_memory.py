"""What a review tool has changed, so that all of it can be undone."""

from __future__ import annotations

import slicer

from .fusion_nodes import PREFIX
from .transaction import bring_back, remembered
from .vtk_bridge import create_node

_LAYERS = ("BackgroundVolumeID", "ForegroundVolumeID", "LabelVolumeID")


class Memory:
    """Keeps nodes as they were and adds nodes for a while; restore() undoes both.

    Nodes that others have added or removed meanwhile stay added or removed.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self.scene = scene
        self._kept: dict[str, slicer.vtkMRMLNode] = {}
        self._added: list[str] = []

    def keep(self, node: slicer.vtkMRMLNode) -> slicer.vtkMRMLNode:
        """Remember a node before it is changed first; returns it."""
        if node.GetID() not in self._kept:
            self._kept[node.GetID()] = remembered(node)
        return node

    def add(self, class_name: str, name: str) -> slicer.vtkMRMLNode:
        """Add a node that no list shows, that is not saved, and that is never taken for an input."""
        node = create_node(self.scene, class_name)
        node.SetName(name)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        node.SetAttribute(PREFIX + "Use", "for review only")
        self._added.append(self.scene.AddNode(node).GetID())
        return node

    def take_over(self, node: slicer.vtkMRMLNode) -> slicer.vtkMRMLNode:
        """Remove a node that Slicer has added for us when all is undone; returns it."""
        node.SetSaveWithScene(False)
        self._added.append(node.GetID())
        return node

    def restore(self) -> None:
        """Bring back what was kept and remove what was added."""
        for node_id, copy in self._kept.items():
            node = self.scene.GetNodeByID(node_id)
            if node is not None:
                bring_back(node, copy)
                self._drop_lost_layers(node)
        for node_id in reversed(self._added):
            node = self.scene.GetNodeByID(node_id)
            if node is not None:
                self.scene.RemoveNode(node)
        self._kept, self._added = {}, []

    def _drop_lost_layers(self, node: slicer.vtkMRMLNode) -> None:
        """A view must not ask for a volume that was removed meanwhile."""
        if node.IsA("vtkMRMLSliceCompositeNode"):
            for layer in _LAYERS:
                wanted = getattr(node, f"Get{layer}")()
                if wanted and self.scene.GetNodeByID(wanted) is None:
                    getattr(node, f"Set{layer}")(None)
