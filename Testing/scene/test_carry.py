"""Apply to: copies of all kinds of nodes in the other space, against the transform as Slicer maps points."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.volume import Grid, Volume
from BSAFusionLib.scene.carry import CarryRequest, carry, carry_problem
from BSAFusionLib.scene.total_transform import total_transform
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy

from Testing.engine.phantoms import ramp, ramp_at, rigid, smooth_field, tilted_grid
from Testing.scene.nodes import add_linear, add_volume, add_warp, map_points
from Testing.scene.results import make_result

Scene = slicer.vtkMRMLScene
FIXED = tilted_grid((22, 24, 26), (3, 3, 4), left_handed=True)
MOVING = tilted_grid((50, 52, 54), (2.5, 2.5, 3.0), (-10, 15, 30))
PARENT = rigid((10, 20, -5), (8, -6, 4))


@pytest.fixture
def transform(scene: Scene) -> slicer.vtkMRMLTransformNode:
    """From FIXED to MOVING, with a bend, as a fusion leaves it."""
    return add_transform(scene, rigid((6, -4, 8), (3, -4, 2)))


def add_transform(scene: Scene, initial: NDArray[np.float64], bend: bool = True) -> slicer.vtkMRMLNode:
    result = make_result(FIXED, initial)
    if not bend:
        result.displacement[:] = 0
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "CT to MR")
    node.SetAndObserveTransformFromParent(total_transform(result))
    fixed, moving = add_volume(scene, ramp(FIXED, "MR")), add_volume(scene, ramp(MOVING, "CT"))
    node.SetNodeReferenceID(node.GetFixedNodeReferenceRole(), fixed.GetID())
    node.SetNodeReferenceID(node.GetMovingNodeReferenceRole(), moving.GetID())
    return node


def run(
    scene: Scene, transform: slicer.vtkMRMLNode, *nodes: slicer.vtkMRMLNode, **options: object
) -> list[slicer.vtkMRMLNode]:
    ids = tuple(node.GetID() for node in nodes)
    return [scene.GetNodeByID(i) for i in carry(scene, CarryRequest(transform.GetID(), ids, **options))]  # type: ignore[arg-type]


def some_points(count: int = 60) -> NDArray[np.float64]:
    """Inside FIXED, world RAS mm."""
    index = np.random.default_rng(0).uniform(3, np.array(FIXED.shape[::-1]) - 4, (count, 3))
    return np.asarray(index @ FIXED.ijk_to_ras[:3, :3].T + FIXED.ijk_to_ras[:3, 3])


def add_curve(scene: Scene, points: NDArray[np.float64], kind: str = "Fiducial") -> slicer.vtkMRMLNode:
    node = scene.AddNewNodeByClass(f"vtkMRMLMarkups{kind}Node", kind)
    for n, point in enumerate(points.tolist()):
        node.AddControlPoint(point, f"P{n}")
    return node


def control_points(node: slicer.vtkMRMLNode) -> NDArray[np.float64]:
    return np.array([node.GetNthControlPointPositionWorld(n) for n in range(node.GetNumberOfControlPoints())])


def add_ball(scene: Scene, grid: Grid, radius_mm: float = 22.0) -> slicer.vtkMRMLSegmentationNode:
    """Two segments in one layer: a ball, and its core."""
    distance = np.linalg.norm(points_ras(grid) - center_ras(FIXED), axis=-1)
    labels = (distance < radius_mm).astype(np.uint8) + (distance < radius_mm / 2)
    node = add_volume(scene, Volume(labels, grid.ijk_to_ras, "labels"), "vtkMRMLLabelMapVolumeNode")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Ball")
    slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(node, segmentation)
    segmentation.CreateDefaultDisplayNodes()
    return segmentation


def segment_points(node: slicer.vtkMRMLNode, segment: int) -> tuple[NDArray[np.float64], float]:
    """Voxel centres of a segment, (N, 3), RAS mm, and its volume, mm3."""
    name = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    part = node.GetSegmentation().GetNthSegment(segment)
    image = part.GetRepresentation(name)
    columns, rows, slices = image.GetDimensions()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(slices, rows, columns)
    index = np.argwhere(values == part.GetLabelValue())[:, ::-1] + np.array(image.GetExtent()[::2])
    place = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(place)
    ijk_to_ras = slicer.util.arrayFromVTKMatrix(place)
    points = index @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3]
    return points, len(points) * abs(float(np.linalg.det(ijk_to_ras[:3, :3])))


def surface_points(node: slicer.vtkMRMLNode) -> NDArray[np.float64]:
    surface = node.GetSegmentation().GetNthSegment(0).GetRepresentation("Closed surface")
    return vtk_to_numpy(surface.GetPoints().GetData()).astype(float)


@pytest.mark.parametrize("kind", ["Fiducial", "Line", "Angle", "Curve", "ClosedCurve"])
def test_markups_agree_with_the_transform_to_a_hundredth_of_a_millimetre(
    scene: Scene, transform: slicer.vtkMRMLNode, kind: str
) -> None:
    there = some_points({"Line": 2, "Angle": 3}.get(kind, 60))
    node = add_curve(scene, map_points(transform, there), kind)
    (copy,) = run(scene, transform, node)
    assert copy.GetClassName() == node.GetClassName()
    assert np.linalg.norm(control_points(copy) - there, axis=1).max() < 0.01
    (back,) = run(scene, transform, copy, inverse=True)
    assert np.linalg.norm(control_points(back) - control_points(node), axis=1).max() < 0.01
    assert back.GetNthControlPointLabel(1) == "P1"


def test_a_model_agrees_with_the_transform_and_keeps_its_look(
    scene: Scene, transform: slicer.vtkMRMLNode
) -> None:
    sphere = vtk.vtkSphereSource()
    sphere.SetCenter(*center_ras(FIXED))
    sphere.SetRadius(20)
    sphere.Update()
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", "Tumour")
    node.SetAndObserveMesh(sphere.GetOutput())
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetColor(0.1, 0.2, 0.3)
    there = vtk_to_numpy(node.GetMesh().GetPoints().GetData()).astype(float)
    (copy,) = run(scene, transform, node, inverse=True)
    moved = vtk_to_numpy(copy.GetMesh().GetPoints().GetData())
    assert np.linalg.norm(moved - map_points(transform, there), axis=1).max() < 0.01
    np.testing.assert_array_equal(vtk_to_numpy(node.GetMesh().GetPoints().GetData()), there.astype("f4"))
    assert copy.GetDisplayNode().GetColor() == (0.1, 0.2, 0.3)
    normals = vtk_to_numpy(copy.GetMesh().GetPointData().GetNormals())
    outward = moved - moved.mean(axis=0)
    assert ((normals * outward).sum(axis=1) > 0).all()


def test_a_box_and_a_plane_are_turned_as_their_middle_is(scene: Scene) -> None:
    motion = rigid((6, -4, 8), (3, -4, 2))
    transform = add_transform(scene, motion, bend=False)
    box = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Box")
    box.SetCenter(1, 2, 3)
    box.SetSize(10, 20, 30)
    plane = scene.AddNewNodeByClass("vtkMRMLMarkupsPlaneNode", "Plane")
    plane.SetCenter(1, 2, 3)
    plane.SetNormal(0, 0, 1)
    copies = run(scene, transform, box, plane, inverse=True)
    for copy in copies:
        np.testing.assert_allclose(copy.GetCenter(), (motion @ [1, 2, 3, 1])[:3], atol=0.01)
    np.testing.assert_allclose(copies[0].GetSize(), (10, 20, 30), atol=1e-3)
    np.testing.assert_allclose(copies[1].GetNormal(), motion[:3, 2], atol=1e-4)


def test_labels_keep_their_volume_under_rigid_motion(scene: Scene) -> None:
    motion = rigid((6, -4, 8), (3, -4, 2))
    node = add_ball(scene, MOVING)
    (copy,) = run(scene, add_transform(scene, motion, bend=False), node)
    for segment in (0, 1):
        before, volume = segment_points(node, segment)
        after, kept = segment_points(copy, segment)
        assert abs(kept / volume - 1) < 0.02
        there = np.linalg.inv(motion) @ [*before.mean(axis=0), 1]
        np.testing.assert_allclose(after.mean(axis=0), there[:3], atol=0.2)
    assert copy.GetSegmentation().GetNumberOfLayers() == 1
    assert copy.GetSegmentation().GetNthSegmentID(1) == node.GetSegmentation().GetNthSegmentID(1)


def test_a_segmentation_lies_where_the_transform_sends_it(
    scene: Scene, transform: slicer.vtkMRMLNode
) -> None:
    node = add_ball(scene, MOVING)
    node.CreateClosedSurfaceRepresentation()
    (copy,) = run(scene, transform, node)
    points, _ = segment_points(copy, 0)
    distance = np.linalg.norm(map_points(transform, points) - center_ras(FIXED), axis=1)
    assert distance.max() < 22 + 2.5  # nearest: half a voxel's diagonal
    assert copy.GetSegmentation().ContainsRepresentation("Closed surface")


def test_a_segmentation_of_surfaces_moves_its_points(scene: Scene, transform: slicer.vtkMRMLNode) -> None:
    node = add_ball(scene, MOVING)
    node.CreateClosedSurfaceRepresentation()
    node.GetSegmentation().SetSourceRepresentationName("Closed surface")
    (copy,) = run(scene, transform, node)
    before, after = (surface_points(each) for each in (node, copy))
    assert np.linalg.norm(map_points(transform, after) - before, axis=1).max() < 0.01


def test_a_volume_shows_at_each_fixed_point_what_lies_at_the_moving_one(
    scene: Scene, transform: slicer.vtkMRMLNode
) -> None:
    node = add_volume(scene, ramp(MOVING, "PET"))
    units = slicer.vtkCodedEntry()
    units.SetValueSchemeMeaning("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")
    node.SetVoxelValueUnits(units)
    (copy,) = run(scene, transform, node)
    truth = ramp_at(map_points(transform, points_ras(FIXED).reshape(-1, 3))).reshape(FIXED.shape)
    inside = (slice(3, -3),) * 3
    np.testing.assert_allclose(slicer.util.arrayFromVolume(copy)[inside], truth[inside], atol=0.05)
    assert copy.GetVoxelValueUnits().GetCodeValue() == "{SUVbw}g/ml"
    assert slicer.util.arrayFromVolume(node).shape == MOVING.shape


def test_a_label_map_takes_nearest_and_keeps_its_type(scene: Scene, transform: slicer.vtkMRMLNode) -> None:
    labels = np.where(ramp(MOVING).array > 350, 300, 7).astype(np.int16)
    node = add_volume(scene, Volume(labels, MOVING.ijk_to_ras, "atlas"), "vtkMRMLLabelMapVolumeNode")
    (copy,) = run(scene, transform, node, interpolation="sinc")
    array = slicer.util.arrayFromVolume(copy)
    assert array.dtype == np.int16
    assert set(np.unique(array[3:-3, 3:-3, 3:-3]).tolist()) == {7, 300}


@pytest.mark.parametrize("bent", [False, True])
def test_parent_transforms_are_honoured(scene: Scene, transform: slicer.vtkMRMLNode, bent: bool) -> None:
    """What lies under a parent is carried from where it is shown."""
    parent = add_warp(scene, smooth_field(MOVING, 3), MOVING) if bent else add_linear(scene, PARENT)
    there = some_points()
    points = add_curve(scene, map_points(parent, map_points(transform, there)))
    volume = add_volume(scene, ramp(MOVING, "PET"))
    for node in (points, volume):
        node.SetAndObserveTransformNodeID(parent.GetID())
    copies = run(scene, transform, points, volume)
    assert np.linalg.norm(control_points(copies[0]) - there, axis=1).max() < (0.03 if bent else 0.01)
    assert all(copy.GetParentTransformNode() is None for copy in copies)
    own = map_points(parent, map_points(transform, points_ras(FIXED).reshape(-1, 3)))
    middle = (slice(8, -8),) * 3
    shown = slicer.util.arrayFromVolume(copies[1])[middle]
    np.testing.assert_allclose(shown, ramp_at(own).reshape(FIXED.shape)[middle], atol=0.1)


def test_many_are_carried_at_once_into_one_folder(scene: Scene, transform: slicer.vtkMRMLNode) -> None:
    nodes = [
        add_curve(scene, some_points(3)),
        add_ball(scene, MOVING),
        add_volume(scene, ramp(MOVING, "PET")),
    ]
    copies = run(scene, transform, *nodes)
    assert [copy.GetName() for copy in copies] == ["Fiducial in MR", "Ball in MR", "PET in MR"]
    tree = scene.GetSubjectHierarchyNode()
    folders = {tree.GetItemName(tree.GetItemParent(tree.GetItemByDataNode(copy))) for copy in copies}
    assert folders == {"Carried to MR"}


def test_one_node_that_fails_leaves_the_scene_as_it_was(
    scene: Scene, transform: slicer.vtkMRMLNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = [add_volume(scene, ramp(MOVING, "PET")), add_curve(scene, some_points(3))]
    before = {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}

    def fail(*_arguments: object) -> None:
        raise InputError("no")

    monkeypatch.setattr("BSAFusionLib.scene.carry.carried_markups", fail)
    with pytest.raises(InputError, match="no"):
        run(scene, transform, *nodes)
    assert {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())} == before


def test_what_cannot_be_done_is_said_in_one_sentence(scene: Scene, transform: slicer.vtkMRMLNode) -> None:
    points, empty = add_curve(scene, some_points(3)), add_curve(scene, some_points(0))
    lone = scene.AddNewNodeByClass("vtkMRMLTransformNode", "Lone")
    under = add_curve(scene, some_points(3))
    under.SetAndObserveTransformNodeID(transform.GetID())

    def problem(transform_id: str, *nodes: slicer.vtkMRMLNode, **options: str) -> str | None:
        ids = tuple(node.GetID() for node in nodes)
        return carry_problem(scene, CarryRequest(transform_id, ids, **options))  # type: ignore[arg-type]

    here = transform.GetID()
    assert problem("", points) == "Choose the transform of a fusion."
    assert problem(here) == "Check what shall be carried over."
    assert "is empty" in (problem(here, empty) or "")
    assert "fixed volume of 'Lone' is not known" in (problem(lone.GetID(), points) or "")
    assert "move twice" in (problem(here, under) or "")
    assert "cannot be carried over" in (problem(here, lone) or "")
    assert "no interpolation" in (problem(here, points, interpolation="best") or "")
    assert problem(here, points) is None
