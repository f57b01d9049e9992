import numpy as np
import pytest
import slicer
from BSAFusionLib.scene.fusion_nodes import FusionNodes
from BSAFusionLib.scene.review_layout import BeforeAfterFused
from slicer import vtkMRMLScene

from Testing.host.views import render_slice_view
from Testing.scene.review_scene import SIZE, published_fusion, state

NAMES = ("BSAFusionBefore", "BSAFusionAfter", "BSAFusionFused")
FOUR_UP = 3


@pytest.fixture
def fusion(scene: vtkMRMLScene) -> FusionNodes:
    return published_fusion(scene, "pet")


def layers(scene: vtkMRMLScene) -> list[slicer.vtkMRMLSliceCompositeNode]:
    return [scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode") for name in NAMES]


def test_three_linked_views_show_before_after_and_fused(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    BeforeAfterFused(scene, fusion)
    shown = [(node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()) for node in layers(scene)]
    assert shown == [
        (fusion.fixed.GetID(), fusion.moving.GetID()),
        (fusion.fixed.GetID(), fusion.get("aligned").GetID()),
        (fusion.get("color").GetID(), None),
    ]
    assert all(node.GetLinkedControl() and node.GetHotLinkedControl() for node in layers(scene))
    views = [scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in NAMES]
    assert len({view.GetViewGroup() for view in views}) == 1
    assert views[0].GetViewGroup() != scene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetViewGroup()


def test_each_view_is_drawn_with_its_volumes(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    BeforeAfterFused(scene, fusion)
    before, after, fused = (render_slice_view(scene, name, SIZE).astype(int) for name in NAMES)
    assert np.abs(before - after).mean() > 3
    assert np.ptp(fused, axis=-1).max() > 60
    assert np.ptp(after, axis=-1).max() == 0


def test_the_layout_comes_and_goes_where_there_is_a_desktop(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    desktop = slicer.vtkMRMLLayoutLogic()
    desktop.SetMRMLScene(scene)
    layout = desktop.GetLayoutNode()
    layout.SetViewArrangement(FOUR_UP)
    before = state(scene)
    tool = BeforeAfterFused(scene, fusion)
    assert layout.GetViewArrangement() != FOUR_UP
    assert layout.IsLayoutDescription(layout.GetViewArrangement())
    assert scene.GetNumberOfNodesByClass("vtkMRMLSliceNode") == 6
    tool.leave()
    assert layout.GetViewArrangement() == FOUR_UP
    assert state(scene) == before
    second = BeforeAfterFused(scene, fusion)
    layout.SetViewArrangement(FOUR_UP + 1)  # the user has chosen another one
    second.leave()
    assert layout.GetViewArrangement() == FOUR_UP + 1
    desktop.SetMRMLScene(None)
