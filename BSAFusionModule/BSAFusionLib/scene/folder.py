"""The results' place in the Data tree."""

from __future__ import annotations

import slicer


def file_beside(
    scene: slicer.vtkMRMLScene, fixed: slicer.vtkMRMLNode, nodes: list[slicer.vtkMRMLNode], name: str
) -> None:
    """Put nodes into a subject-hierarchy folder of that name next to the fixed volume, made where missing.

    Without Slicer's desktop a volume has no item there (0): the folder then lies at the top.
    """
    if not nodes:
        return
    hierarchy = scene.GetSubjectHierarchyNode()
    beside = hierarchy.GetItemByDataNode(fixed)
    parent = hierarchy.GetItemParent(beside) if beside else hierarchy.GetSceneItemID()
    folder = hierarchy.GetItemChildWithName(parent, name)
    if not folder:
        folder = hierarchy.CreateFolderItem(parent, name)
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.SetItemParent(item, folder)
        else:
            hierarchy.CreateItem(folder, node)
