import numpy as np
import pytest
from BSAFusionLib.scene.fusion_nodes import FusionNodes
from BSAFusionLib.scene.review_deformation import DeformationDrawing, Drawing, drawn_spacing, view_ids
from slicer import vtkMRMLScene

from Testing.host.views import render_slice_view
from Testing.scene.review_scene import published_fusion

MODES = ("grid", "arrows", "contours")
SIZE = (200, 210)


@pytest.fixture
def fusion(scene: vtkMRMLScene) -> FusionNodes:
    return published_fusion(scene)


def changed(scene: vtkMRMLScene, name: str, before: np.ndarray) -> float:
    """The share of a view's pixels that are drawn otherwise."""
    return float((render_slice_view(scene, name, SIZE) != before).any(axis=-1).mean())


@pytest.mark.parametrize("mode", MODES)
def test_it_is_drawn_in_the_chosen_views_only(scene: vtkMRMLScene, fusion: FusionNodes, mode: str) -> None:
    before = {name: render_slice_view(scene, name, SIZE) for name in ("Red", "Yellow")}
    tool = DeformationDrawing(scene, fusion, Drawing(mode, 15, views=view_ids(scene, ["Yellow"])))
    assert changed(scene, "Yellow", before["Yellow"]) > 0.01
    assert changed(scene, "Red", before["Red"]) == 0
    tool.leave()
    assert changed(scene, "Yellow", before["Yellow"]) == 0


def test_fine_spacings_are_drawn_where_the_view_is_close_enough(
    scene: vtkMRMLScene, fusion: FusionNodes
) -> None:
    tool = DeformationDrawing(scene, fusion, Drawing("grid", 0.2))
    far = tool.spacing_mm
    assert far >= 7
    for name in ("Red", "Yellow", "Green"):
        view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        view.SetFieldOfView(6, 6, 1)
        view.UpdateMatrices()
    assert tool.spacing_mm == 0.2
    assert fusion.get("transform").GetDisplayNode().GetGridSpacingMm() == 0.2


@pytest.mark.parametrize(
    ("wanted", "extent", "drawn"),
    [(0.2, 6, 0.2), (0.2, 250, 10), (10, 250, 10), (0.2, 60, 2), (7.8125, 250, 7.8125)],
)
def test_the_spacing_is_the_one_wanted_or_the_next_that_can_be_seen(
    wanted: float, extent: float, drawn: float
) -> None:
    assert drawn_spacing(Drawing("grid", wanted), extent) == pytest.approx(drawn)


def test_it_can_have_one_colour(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    tool = DeformationDrawing(scene, fusion, Drawing(by_length=True))
    display = fusion.get("transform").GetDisplayNode()
    assert display.GetColorMap().GetSize() > 1
    tool.draw(Drawing(by_length=False))
    assert display.GetColorMap().GetSize() == 1
