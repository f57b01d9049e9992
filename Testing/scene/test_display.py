import numpy as np
import pytest
import slicer
import vtk
from BSAFusionLib.engine.geometry import center_ras
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.scene.display import fit, grid_spacing, prepare_grid, show, show_grid, show_volume
from BSAFusionLib.scene.grid_display import draw_grid, grid_spacing_mm
from BSAFusionLib.scene.outputs import OFF, Outputs, Published
from BSAFusionLib.scene.publish import publish
from numpy.typing import NDArray
from slicer import vtkMRMLNode, vtkMRMLScene
from vtkmodules.util.numpy_support import vtk_to_numpy

from Testing.engine.phantoms import axial_grid, head, rigid, tilted_grid
from Testing.host.views import render_3d_view, render_slice_view
from Testing.scene.nodes import add_volume
from Testing.scene.results import make_result

Pair = tuple[str, str]
VIEWS = ("Red", "Yellow", "Green")
GRID = axial_grid()


def shifted(mm: float, initial: NDArray[np.float64] | None = None, color: bool = False) -> FusionResult:
    """A head whose displacement is mm to the right (R) everywhere."""
    fused = head(GRID, "mr")
    fused = fused.with_array(fused.array / fused.array.max())
    displacement = np.zeros((*GRID.shape, 3), np.float32)
    displacement[..., 0] = mm
    colors = (np.array([0.0, 0.5, 1.0]) * 255 * fused.array[..., None]).astype(np.uint8) if color else None
    matrix = np.eye(4) if initial is None else initial
    return FusionResult(fused, head(GRID, "ct"), displacement, matrix, "ct", colors)


def shown(scene: vtkMRMLScene, pair: Pair, result: FusionResult, grid: bool = False) -> Published:
    published = publish(scene, result, *pair)
    show(scene, published, pair[0], grid)
    return published


def layers(scene: vtkMRMLScene) -> list[vtkMRMLNode]:
    return [scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode") for name in VIEWS]


def overlay(scene: vtkMRMLScene, published: Published) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What Slicer draws in the red view: points in RAS mm, and their lengths in mm."""
    red, drawn = scene.GetSingletonNode("Red", "vtkMRMLSliceNode"), vtk.vtkPolyData()
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    assert slicer.vtkSlicerTransformLogic.GetVisualization2d(drawn, display, red)
    lengths = vtk_to_numpy(drawn.GetPointData().GetArray("DisplacementMagnitude"))
    return vtk_to_numpy(drawn.GetPoints().GetData()), lengths


def test_the_fused_picture_is_in_front_and_the_fixed_volume_behind_a_slider(
    scene: vtkMRMLScene, pair: Pair
) -> None:
    published = shown(scene, pair, shifted(5))
    assert [layer.GetBackgroundVolumeID() for layer in layers(scene)] == [published.fused] * 3
    assert [layer.GetForegroundVolumeID() for layer in layers(scene)] == [pair[0]] * 3
    assert [layer.GetForegroundOpacity() for layer in layers(scene)] == [0] * 3


def test_colour_goes_before_grey(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5, color=True))
    assert layers(scene)[0].GetBackgroundVolumeID() == published.color


def test_one_call_shows_another_volume(scene: vtkMRMLScene, pair: Pair) -> None:
    shown(scene, pair, shifted(5))
    show_volume(scene, pair[1])
    assert [layer.GetBackgroundVolumeID() for layer in layers(scene)] == [pair[1]] * 3


def test_without_any_picture_the_views_stay_as_they_are(scene: vtkMRMLScene, pair: Pair) -> None:
    show_volume(scene, pair[1])
    outputs = Outputs(fused=OFF, color=OFF, aligned=OFF)
    show(scene, publish(scene, shifted(5), *pair, outputs), pair[0], grid=True)
    assert layers(scene)[0].GetBackgroundVolumeID() == pair[1]


@pytest.mark.parametrize("size", [(512, 512), (300, 700), (700, 300)])
def test_every_view_shows_the_whole_volume_around_its_middle(
    scene: vtkMRMLScene, size: tuple[int, int]
) -> None:
    volume = head(tilted_grid((30, 40, 50), (4, 3, 2)), "mr")
    node = add_volume(scene, volume)
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    for name, (across, up) in zip(VIEWS, ((0, 1), (1, 2), (0, 2)), strict=True):
        view = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        view.SetDimensions(*size, 1)
        fit(scene, node.GetID())
        width, height, _ = view.GetFieldOfView()
        needed = [bounds[2 * n + 1] - bounds[2 * n] for n in (across, up)]
        assert width >= needed[0]
        assert height >= needed[1]
        assert min(width / needed[0], height / needed[1]) < 1.1
        assert width / height == pytest.approx(size[0] / size[1])
        centre = [view.GetSliceToRAS().GetElement(n, 3) for n in range(3)]
        assert np.linalg.norm(centre - center_ras(volume)) < 2.7  # half the diagonal of a voxel


def test_the_grid_is_drawn_where_moving_tissue_comes_to_lie(scene: vtkMRMLScene, pair: Pair) -> None:
    straight, moved = shown(scene, pair, shifted(0), True), shown(scene, pair, shifted(5), True)
    for published in (straight, moved):
        scene.GetNodeByID(published.transform).GetDisplayNode().SetGridSpacingMm(10)
    before, _ = overlay(scene, straight)
    after, lengths = overlay(scene, moved)
    np.testing.assert_allclose(after - before, np.broadcast_to([-5.0, 0, 0], before.shape), atol=0.02)
    np.testing.assert_allclose(lengths, 5, atol=0.02)


def test_the_grid_covers_the_picture_in_grid_mode(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5), grid=True)
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    assert display.GetVisualizationMode() == display.VIS_MODE_GRID
    assert display.GetRegionNode().GetID() == published.fused
    assert display.GetGridSpacingMm() == 10
    assert (display.GetVisibility(), display.GetVisibility2D(), display.GetVisibility3D()) == (1, 1, 1)
    assert display.GetColorMap().GetRange() == pytest.approx((0, 5))


def test_the_grid_can_be_hidden_again(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5), grid=True)
    show_grid(scene, published.transform or "", False)
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    assert (display.GetVisibility(), display.GetVisibility2D()) == (0, 0)


def test_a_dense_grid_stays_out_of_the_3d_views(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5))
    draw_grid(scene, published.transform or "", visible=True, spacing_mm=3, by_length=True)
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    assert (display.GetVisibility(), display.GetVisibility2D(), display.GetVisibility3D()) == (1, 1, 0)


def test_showing_again_adds_no_node(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5), grid=True)
    count = scene.GetNumberOfNodes()
    draw_grid(scene, published.transform or "", visible=True, spacing_mm=10, by_length=False)
    show(scene, published, pair[0], grid=True)
    assert scene.GetNumberOfNodes() == count
    colors = scene.GetNodeByID(published.transform).GetDisplayNode().GetColorMap()
    assert colors.GetRange() == pytest.approx((0, 5))


def test_the_grid_can_have_one_colour(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5), grid=True)
    draw_grid(scene, published.transform or "", visible=True, spacing_mm=20, by_length=False)
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    assert grid_spacing_mm(scene, published.transform or "") == 20
    assert display.GetColorMap().GetColor(0.1) == display.GetColorMap().GetColor(5)


def test_an_initial_alignment_does_not_widen_the_grid(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(0, rigid((5, 5, 20), (40, 0, 0))))
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    assert display.GetGridSpacingMm() == 10
    assert display.GetColorMap().GetRange()[1] > 40


def test_a_transform_without_any_displacement_can_be_drawn(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, make_result(initial=np.eye(4)))
    prepare_grid(scene, shown(scene, pair, shifted(0)).transform or "", published.fused or "")


@pytest.mark.parametrize(
    ("extent_mm", "bending_mm", "spacing_mm"),
    [(250, 4, 10), (250, 18, 20), (250, 500, 50), (12, 0.2, 0.5), (5, 0, 0.2)],
)
def test_the_spacing_follows_extent_and_bending(
    extent_mm: float, bending_mm: float, spacing_mm: float
) -> None:
    assert grid_spacing(extent_mm, bending_mm) == pytest.approx(spacing_mm)


def test_the_picture_shows_the_fused_values(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5, color=True))
    picture = render_slice_view(scene, "Red", (200, 220))
    assert picture.shape == (220, 200, 3)
    middle = slicer.util.arrayFromVolume(scene.GetNodeByID(published.color))[
        tuple(n // 2 for n in GRID.shape)
    ]
    np.testing.assert_allclose(picture[110, 100], middle, atol=2)


def test_the_picture_shows_the_grid_only_when_wanted(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5))
    hidden = render_slice_view(scene, "Red", (200, 220))
    show_grid(scene, published.transform or "", True)
    drawn = render_slice_view(scene, "Red", (200, 220))
    coloured = np.ptp(drawn.astype(int), axis=-1) > 50
    assert np.ptp(hidden, axis=-1).max() == 0
    assert 0.05 < coloured.mean() < 0.4


def test_the_3d_view_shows_the_grid(scene: vtkMRMLScene, pair: Pair) -> None:
    published = shown(scene, pair, shifted(5))
    hidden = render_3d_view(scene, (200, 200))
    display = scene.GetNodeByID(published.transform).GetDisplayNode()
    display.SetGridSpacingMm(50)
    display.SetGridResolutionMm(25)
    show_grid(scene, published.transform or "", True)
    assert (render_3d_view(scene, (200, 200)) != hidden).any(axis=-1).mean() > 0.02
