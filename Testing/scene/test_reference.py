"""Markups and segmentations of a scene, as what a result is measured by."""

import numpy as np
import pytest
import slicer
import vtk
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.volume import Grid
from BSAFusionLib.scene.reference import read_reference
from BSAFusionLib.scene.reference_nodes import ReferenceNodes
from BSAFusionLib.scene.vtk_bridge import matrix
from numpy.typing import NDArray
from slicer import vtkMRMLNode, vtkMRMLScene
from vtkmodules.util.numpy_support import numpy_to_vtk

from Testing.engine.phantoms import rigid, tilted_grid
from Testing.scene.nodes import add_linear

FIXED = tilted_grid((12, 14, 16), (2, 3, 4), left_handed=True)
MOVING = tilted_grid((10, 11, 9), (3, 3, 3), (0, 0, 0))
POINTS = np.array([[1.0, 2, 3], [-4, 5, 6], [7, -8, 9]])


def add_points(scene: vtkMRMLScene, points: NDArray[np.float64]) -> vtkMRMLNode:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    for point in points.tolist():
        node.AddControlPoint(vtk.vtkVector3d(*point))
    return node


def add_segments(scene: vtkMRMLScene, grid: Grid, segments: dict[str, NDArray[np.bool_]]) -> vtkMRMLNode:
    """A segmentation whose segments are drawn on grid, each in a box of its own."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    for name, mask in segments.items():
        (k0, k1), (j0, j1), (i0, i1) = ((found.min(), found.max()) for found in np.nonzero(mask))
        part = np.ascontiguousarray(mask[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1], np.uint8)
        image = slicer.vtkOrientedImageData()
        image.SetExtent(int(i0), int(i1), int(j0), int(j1), int(k0), int(k1))
        image.GetPointData().SetScalars(numpy_to_vtk(part.ravel(), deep=True))
        image.SetImageToWorldMatrix(matrix(grid.ijk_to_ras))
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.AddRepresentation("Binary labelmap", image)
        node.GetSegmentation().AddSegment(segment)
    return node


def box(grid: Grid, k: slice, j: slice, i: slice) -> NDArray[np.bool_]:
    mask = np.zeros(grid.shape, bool)
    mask[k, j, i] = True
    return mask


def test_landmarks_are_read_in_the_world(scene: vtkMRMLScene) -> None:
    fixed, moving = add_points(scene, POINTS), add_points(scene, POINTS)
    pose = rigid((10, 20, 30), (4, 5, 6))
    moving.SetAndObserveTransformNodeID(add_linear(scene, pose).GetID())
    found = read_reference(scene, ReferenceNodes(fixed.GetID(), moving.GetID()), FIXED, MOVING)
    assert found is not None
    assert found.landmarks is not None
    np.testing.assert_allclose(found.landmarks.fixed, POINTS)
    np.testing.assert_allclose(found.landmarks.moving, POINTS @ pose[:3, :3].T + pose[:3, 3], atol=1e-6)


def test_segments_of_one_name_become_one_label_on_the_volumes_grids(scene: vtkMRMLScene) -> None:
    first = {
        "tumour": box(FIXED, slice(2, 6), slice(3, 9), slice(4, 8)),
        "bone": box(FIXED, slice(7, 9), slice(1, 4), slice(2, 5)),
    }
    second = {
        "bone": box(MOVING, slice(1, 4), slice(2, 5), slice(1, 3)),
        "tumour": box(MOVING, slice(5, 8), slice(2, 9), slice(4, 8)),
    }
    ids = [add_segments(scene, *each).GetID() for each in ((FIXED, first), (MOVING, second))]
    found = read_reference(scene, ReferenceNodes("", "", *ids), FIXED, MOVING)
    assert found is not None
    assert found.segmentations is not None
    assert found.segmentations.names == {1: "bone", 2: "tumour"}
    for volume, truth in ((found.segmentations.fixed, first), (found.segmentations.moving, second)):
        np.testing.assert_array_equal(volume.array == 1, truth["bone"])
        np.testing.assert_array_equal(volume.array == 2, truth["tumour"])


def test_a_segmentation_under_a_linear_transform_is_taken_where_it_lies(scene: vtkMRMLScene) -> None:
    drawn = box(FIXED, slice(2, 10), slice(3, 11), slice(4, 12))
    node = add_segments(scene, FIXED, {"a": drawn})
    pose = rigid((0, 0, 20), (3, 0, 0))
    node.SetAndObserveTransformNodeID(add_linear(scene, pose).GetID())
    nodes = ReferenceNodes("", "", node.GetID(), node.GetID())
    found = read_reference(scene, nodes, FIXED, FIXED)
    assert found is not None
    assert found.segmentations is not None
    centre = points_ras(FIXED)[drawn].mean(axis=0) @ pose[:3, :3].T + pose[:3, 3]
    moved = points_ras(FIXED)[found.segmentations.fixed.array > 0].mean(axis=0)
    assert np.linalg.norm(moved - centre) < 1.5


def test_what_lacks_its_partner_is_said_in_one_sentence(scene: vtkMRMLScene) -> None:
    three, two = add_points(scene, POINTS).GetID(), add_points(scene, POINTS[:2]).GetID()
    assert ReferenceNodes().problem(scene) is None
    assert ReferenceNodes(three, three).problem(scene) is None
    assert "Choose the moving landmarks" in (ReferenceNodes(three).problem(scene) or "")
    assert "Choose the fixed segmentation" in (ReferenceNodes("", "", "", "s").problem(scene) or "")
    assert "3 fixed and 2 moving" in (ReferenceNodes(three, two).problem(scene) or "")
    assert "no longer in the scene" in (ReferenceNodes(three, "gone").problem(scene) or "")
    with pytest.raises(InputError, match="no longer in the scene"):
        read_reference(scene, ReferenceNodes("", "", "gone", "gone"), FIXED, MOVING)
    assert read_reference(scene, ReferenceNodes(), FIXED, MOVING) is None
