from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer.util
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.scene.fusion_nodes import FusionNodes, find_fusions
from BSAFusionLib.scene.review import Review
from BSAFusionLib.scene.review_compare import Confidence, Deformation, Edges, Fade, Swipe
from BSAFusionLib.scene.review_cursor import LinkedCursor
from BSAFusionLib.scene.review_deformation import DeformationDrawing, Drawing
from BSAFusionLib.scene.review_layout import BeforeAfterFused
from BSAFusionLib.scene.review_tool import ORIGINAL, ReviewTool
from slicer import vtkMRMLScene

from Testing.engine.phantoms import head, rigid
from Testing.scene.nodes import add_linear, add_volume
from Testing.scene.review_scene import (
    GRID,
    SIZE,
    is_line,
    observers,
    picture,
    picture_of,
    pixel_ras,
    published_fusion,
    state,
)

TOOLS: dict[str, Callable[[Any, FusionNodes], ReviewTool]] = {
    "fade": Fade,
    "fade over the original": lambda scene, fusion: Fade(scene, fusion, ORIGINAL),
    "edges": Edges,
    "edges over the original": lambda scene, fusion: Edges(scene, fusion, ORIGINAL),
    "swipe": Swipe,
    "deformation": lambda scene, fusion: Deformation(scene, fusion, 0.4),
    "before, after, fused": BeforeAfterFused,
    "linked cursor": LinkedCursor,
    "drawing": lambda scene, fusion: DeformationDrawing(
        scene, fusion, Drawing("arrows", 15, False, ("vtkMRMLSliceNodeRed",))
    ),
}


@pytest.fixture
def fusion(scene: vtkMRMLScene) -> FusionNodes:
    return published_fusion(scene)


@pytest.mark.parametrize("name", TOOLS)
def test_leaving_a_tool_leaves_no_trace(scene: vtkMRMLScene, fusion: FusionNodes, name: str) -> None:
    seen, before, watched = picture(scene), state(scene), observers(scene)
    tool = TOOLS[name](scene, fusion)
    assert state(scene) != before
    tool.leave()
    assert state(scene) == before
    assert observers(scene) == watched
    np.testing.assert_array_equal(picture(scene), seen)


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_ends_when_its_volume_is_removed(scene: vtkMRMLScene, fusion: FusionNodes, name: str) -> None:
    ended: list[str] = []
    review = Review(scene, lambda: ended.append(name))
    count = scene.GetNumberOfNodes()
    review.begin(lambda: TOOLS[name](scene, fusion))
    scene.RemoveNode(fusion.fixed)
    assert ended == [name]
    assert review.tool is None
    displays = 1
    assert scene.GetNumberOfNodes() >= count - 1 - displays
    assert not any("Review" in n.GetName() or "BSAFusion" in n.GetName() for n in nodes(scene))
    review.close()


def nodes(scene: vtkMRMLScene) -> list[Any]:
    return [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]


@pytest.mark.parametrize("event", ["StartSaveEvent", "StartCloseEvent", "StartImportEvent"])
def test_a_tool_ends_before_the_scene_is_saved_closed_or_loaded(
    scene: vtkMRMLScene, fusion: FusionNodes, event: str
) -> None:
    review, before = Review(scene), state(scene)
    review.begin(lambda: Swipe(scene, fusion))
    scene.InvokeEvent(getattr(scene, event))
    assert review.tool is None
    assert state(scene) == before
    review.close()


def test_what_a_tool_adds_is_never_saved(scene: vtkMRMLScene, fusion: FusionNodes, tmp_path: Path) -> None:
    saved = len(find_fusions(scene)[0].results), scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")
    tool = Deformation(scene, fusion)
    scene.WriteToMRB(str(tmp_path / "scene.mrb"))
    tool.leave()
    scene.Clear()
    scene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    assert (len(find_fusions(scene)[0].results), scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")) == saved
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert scene.GetNodeByID(layers.GetBackgroundVolumeID()).GetName() == fusion.fixed.GetName()


def test_one_tool_follows_another(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    review, before = Review(scene), state(scene)
    review.begin(lambda: Swipe(scene, fusion))
    review.begin(lambda: LinkedCursor(scene, fusion))
    review.leave()
    review.leave()
    assert state(scene) == before
    review.close()


def test_what_is_missing_is_said_and_nothing_changes(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    before = state(scene)
    with pytest.raises(InputError, match="confidence map of this fusion is not in the scene"):
        Confidence(scene, fusion)
    assert state(scene) == before
    scene.RemoveNode(fusion.get("aligned"))
    before = state(scene)
    with pytest.raises(InputError, match="aligned"):
        Swipe(scene, fusion)
    assert state(scene) == before


def test_fading_goes_from_the_fixed_to_the_aligned_volume(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    fixed, aligned = (picture_of(scene, node) for node in (fusion.fixed, fusion.get("aligned")))
    tool = Fade(scene, fusion, share=0.0)
    np.testing.assert_array_equal(picture(scene), fixed)
    tool.set_share(1.0)
    np.testing.assert_array_equal(picture(scene), aligned)
    tool.set_share(0.5)
    np.testing.assert_allclose(picture(scene), (fixed + aligned) / 2, atol=2)


@pytest.mark.parametrize("at", [0.25, 0.6])
def test_the_swipe_line_parts_the_two_volumes(scene: vtkMRMLScene, fusion: FusionNodes, at: float) -> None:
    fixed, aligned = (picture_of(scene, node) for node in (fusion.fixed, fusion.get("aligned")))
    Swipe(scene, fusion).move(at)
    drawn = picture(scene)
    columns = np.flatnonzero(is_line(drawn).all(axis=0))
    assert abs(columns.mean() - at * SIZE[0]) <= 2
    left, right = columns.min() - 1, columns.max() + 2
    np.testing.assert_array_equal(drawn[:, :left], fixed[:, :left])
    assert np.abs(drawn[:, right:] - aligned[:, right:]).mean() < 1.5
    assert np.abs(drawn[:, right:] - fixed[:, right:]).mean() > 10


def test_the_swipe_follows_the_aligned_volumes_window_and_colours(
    scene: vtkMRMLScene, fusion: FusionNodes
) -> None:
    Swipe(scene, fusion, at=0.0)
    display = fusion.get("aligned").GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLPETProceduralColorNodePET-DICOM")
    display.SetWindowLevelMinMax(-50, 150)
    right = slice(4, None)
    drawn, truth = picture(scene)[:, right], picture_of(scene, fusion.get("aligned"))[:, right]
    assert np.ptp(truth, axis=-1).max() > 200
    assert np.abs(drawn - truth).mean() < 4


def test_the_swipe_line_follows_the_mouse(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    cursor, told = scene.AddNewNodeByClass("vtkMRMLCrosshairNode"), []
    tool = Swipe(scene, fusion)
    tool.follow(cursor, told.append)
    red = scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    cursor.SetCursorPositionXYZ([0.75 * (SIZE[0] - 1), 20, 0], red)
    assert told == [pytest.approx(0.75)]


def ellipse_distance(points: np.ndarray) -> np.ndarray:
    """About how far points are from the skin of the head phantom, whose half axes are 72, 90, 82 mm."""
    scaled = np.linalg.norm(points / [72, 90, 82], axis=1)
    return np.asarray((scaled - 1) * 80)


def test_edge_lines_lie_on_the_fixed_volumes_edges(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    Edges(scene, fusion, detail=0.4)
    lines = np.argwhere(is_line(picture(scene)))
    points = pixel_ras(scene, lines)
    skin = np.abs(ellipse_distance(points)) < 2
    angles = np.degrees(np.arctan2(points[skin, 1], points[skin, 0]))
    found = np.histogram(angles, bins=36, range=(-180, 180))[0]
    assert (found > 0).mean() > 0.95
    assert (ellipse_distance(points) < 4).all()
    assert 0.005 < len(lines) / np.prod(SIZE) < 0.15


def test_edges_move_with_the_fixed_volume_and_not_with_the_moving_one(
    scene: vtkMRMLScene, fusion: FusionNodes
) -> None:
    Edges(scene, fusion, ORIGINAL)
    before = is_line(picture(scene))
    fusion.moving.SetAndObserveTransformNodeID(add_linear(scene, rigid((0, 0, 0), (20, 0, 0))).GetID())
    np.testing.assert_array_equal(is_line(picture(scene)), before)


def test_edges_are_found_anew_when_the_view_moves(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    Edges(scene, fusion)
    middle = is_line(picture(scene)).sum()
    scene.GetSingletonNode("Red", "vtkMRMLSliceNode").JumpSliceByOffsetting(0, 0, 60)
    lines = np.argwhere(is_line(picture(scene)))
    assert 0 < len(lines) < middle
    points = pixel_ras(scene, lines)
    np.testing.assert_allclose(points[:, 2], 60, atol=1e-6)
    assert np.abs(ellipse_distance(points)).min() < 2


def test_more_detail_gives_more_edges(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    tool = Edges(scene, fusion, detail=0.0)
    counts = []
    for detail in (0.0, 0.5, 1.0):
        tool.set_detail(detail)
        counts.append(is_line(picture(scene)).sum())
    assert counts[0] < counts[1] <= counts[2]


@pytest.mark.parametrize(("share", "node"), [(0.0, "moving"), (1.0, "aligned")])
def test_the_deformation_begins_at_the_original_and_ends_at_the_aligned_volume(
    scene: vtkMRMLScene, fusion: FusionNodes, share: float, node: str
) -> None:
    truth = picture_of(scene, fusion.moving if node == "moving" else fusion.get("aligned"))
    Deformation(scene, fusion, share, lines=False)
    difference = np.abs(picture(scene) - truth)
    assert difference.mean() < 3


def test_half_of_a_deformation_lies_half_way(scene: vtkMRMLScene) -> None:
    fusion = published_fusion(scene, bend_mm=0)
    tool = Deformation(scene, fusion, 0.0, lines=False)
    centres = []
    for share in (0.0, 0.5, 1.0):
        tool.set_share(share)
        bright = np.argwhere(picture(scene)[..., 0] > 40)
        centres.append(pixel_ras(scene, bright).mean(axis=0))
    way = centres[2] - centres[0]
    assert np.linalg.norm(way) > 10
    np.testing.assert_allclose(centres[1], (centres[0] + centres[2]) / 2, atol=1.5)


def test_the_original_is_shown_unmoved_also_when_it_lies_under_the_result(
    scene: vtkMRMLScene, fusion: FusionNodes
) -> None:
    truth = picture_of(scene, fusion.moving)
    fusion.moving.SetAndObserveTransformNodeID(fusion.get("transform").GetID())
    tool = Fade(scene, fusion, ORIGINAL, share=1.0)
    np.testing.assert_allclose(picture(scene), truth, atol=1)
    tool.leave()
    deformation = Deformation(scene, fusion, 0.0, lines=False)
    assert np.abs(picture(scene) - truth).mean() < 3
    deformation.leave()
    assert fusion.moving.GetParentTransformNode() is fusion.get("transform")


def test_the_confidence_map_lies_over_the_fused_picture(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    node = add_volume(scene, head(GRID, "mr").with_array(np.ones(GRID.shape, np.float32)))
    fusion.results["confidence"] = node  # type: ignore[index]
    tool = Confidence(scene, fusion, 0.3)
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert layers.GetBackgroundVolumeID() == fusion.get("fused").GetID()
    assert layers.GetForegroundVolumeID() == node.GetID()
    tool.set_share(0.8)
    assert layers.GetForegroundOpacity() == 0.8
    assert node.GetDisplayNode().GetColorNode().GetName() == "Rainbow"
    tool.leave()
    assert node.GetDisplayNode().GetColorNode().GetName() == "Grey"


def test_the_border_of_the_fixed_volume_is_no_edge(scene: vtkMRMLScene, fusion: FusionNodes) -> None:
    array = slicer.util.arrayFromVolume(fusion.fixed)
    array[:] = 500  # nothing but the border could be an edge
    slicer.util.arrayFromVolumeModified(fusion.fixed)
    Edges(scene, fusion, detail=1.0)
    red = scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    red.SetFieldOfView(400, 417, 1)
    red.UpdateMatrices()
    assert not is_line(picture(scene)).any()
