"""What the tests of the panel share."""

from __future__ import annotations

from typing import Any

import numpy as np

from Testing.host import desktop


def add_volume(scene: Any, name: str, value: float) -> Any:
    import slicer

    array = np.full((4, 5, 6), value, np.float32)
    array[0, 0, 0] = 0
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetSpacing(20, 20, 30)
    node.CreateDefaultDisplayNodes()
    return node


def wait_until_idle(panel: Any) -> None:
    desktop.wait_for(lambda: not panel.panel.controller.state.is_busy)


def fuse(panel: Any) -> None:
    panel.ui.fuseButton.click()
    wait_until_idle(panel)


def names(scene: Any) -> list[str]:
    return [scene.GetNthNode(n).GetName() for n in range(scene.GetNumberOfNodes())]


def next_tag(node: Any) -> int:
    """Observers are numbered in the order in which they are added, this one included."""
    tag = node.AddObserver("ModifiedEvent", lambda *_arguments: None)
    node.RemoveObserver(tag)
    return int(tag)


def background(scene: Any) -> str:
    return scene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode").GetBackgroundVolumeID()
