import numpy as np
import pytest
import slicer
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.scene.fusion_nodes import FusionNodes
from BSAFusionLib.scene.review_cursor import LinkedCursor
from slicer import vtkMRMLScene

from Testing.engine.phantoms import smooth_field
from Testing.host.views import render_slice_view
from Testing.scene.review_scene import GRID, INITIAL, published_fusion

SIZE = (300, 320)
VIEWS = [
    f"BSAFusion{side}{name}" for side in ("Fixed", "Moving") for name in ("Axial", "Sagittal", "Coronal")
]


@pytest.fixture
def fusion(scene: vtkMRMLScene) -> FusionNodes:
    return published_fusion(scene)


@pytest.fixture
def cursor(scene: vtkMRMLScene, fusion: FusionNodes) -> LinkedCursor:
    scene.AddNewNodeByClass("vtkMRMLCrosshairNode")
    return LinkedCursor(scene, fusion)


def truth(index: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A fixed grid point, (k, j, i), and where the displacement and the alignment send it; RAS mm."""
    point = points_ras(GRID)[index]
    moved = point + smooth_field(GRID, 1.5).astype(np.float32)[index]
    return point, INITIAL[:3, :3] @ moved + INITIAL[:3, 3]


@pytest.mark.parametrize("index", [(20, 40, 30), (30, 60, 70), (35, 80, 50), (25, 57, 49)])
def test_a_point_of_either_volume_is_found_in_the_other(
    cursor: LinkedCursor, index: tuple[int, int, int]
) -> None:
    fixed, moving = truth(index)
    assert np.linalg.norm(np.subtract(cursor.at_fixed(tuple(fixed)), moving)) < 0.01
    assert np.linalg.norm(np.subtract(cursor.at_moving(tuple(moving)), fixed)) < 0.01


def test_the_mouse_over_the_fixed_volume_moves_the_views_of_the_moving_one(
    scene: vtkMRMLScene, cursor: LinkedCursor
) -> None:
    fixed, moving = truth((28, 50, 60))
    view = scene.GetSingletonNode("BSAFusionFixedAxial", "vtkMRMLSliceNode")
    view.JumpSliceByOffsetting(*fixed)
    xyz = np.linalg.inv(slicer.util.arrayFromVTKMatrix(view.GetXYToRAS())) @ [*fixed, 1]
    mouse = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    mouse.SetCursorPositionXYZ(xyz[:3].tolist(), view)
    for name, axis in (("Sagittal", 0), ("Coronal", 1), ("Axial", 2)):
        node = scene.GetSingletonNode(f"BSAFusionMoving{name}", "vtkMRMLSliceNode")
        assert node.GetSliceToRAS().GetElement(axis, 3) == pytest.approx(moving[axis], abs=0.01)
    assert scene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetSliceToRAS().GetElement(2, 3) != fixed[2]
    cursor.leave()


@pytest.mark.parametrize("name", VIEWS)
def test_the_cross_is_drawn_where_the_tissue_is(scene: vtkMRMLScene, cursor: LinkedCursor, name: str) -> None:
    fixed, moving = truth((28, 50, 60))
    cursor.at_fixed(tuple(fixed))
    view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    drawn = render_slice_view(scene, name, SIZE).astype(int)
    cross = np.argwhere((drawn[..., 0] < 120) & (drawn[..., 1] > 150) & (drawn[..., 2] > 170))
    assert len(cross) > 8
    rows, columns = (cross.min(axis=0) + cross.max(axis=0)) / 2
    point = slicer.util.arrayFromVTKMatrix(view.GetXYToRAS()) @ [columns, SIZE[1] - 1 - rows, 0, 1]
    wanted = fixed if "Fixed" in name else moving
    assert np.linalg.norm(point[:3] - wanted) < 0.5 * 2.0  # half a voxel


def test_the_moving_volume_is_shown_as_it_was_scanned(
    scene: vtkMRMLScene, fusion: FusionNodes, cursor: LinkedCursor
) -> None:
    layers = scene.GetSingletonNode("BSAFusionMovingAxial", "vtkMRMLSliceCompositeNode")
    assert layers.GetBackgroundVolumeID() == fusion.moving.GetID()
    assert fusion.moving.GetParentTransformNode() is None
    cursor.leave()
    assert scene.GetSingletonNode("BSAFusionMovingAxial", "vtkMRMLSliceNode") is None
