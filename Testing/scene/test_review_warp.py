import numpy as np
import pytest
import slicer
import vtk
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.scene.publish import publish
from BSAFusionLib.scene.review_warp import PartialWarp
from slicer import vtkMRMLScene

from Testing.engine.phantoms import rigid
from Testing.scene.results import make_result, moved

Pair = tuple[str, str]


def map_points(transform: slicer.vtkMRMLNode, points: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint(*point) for point in points.tolist()])


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_a_part_scales_the_displacement_and_turns_part_of_the_way(
    scene: vtkMRMLScene, pair: Pair, share: float
) -> None:
    result = make_result(initial=rigid((0, 0, 80), (0, 0, 12)))
    node = scene.GetNodeByID(publish(scene, result, *pair).transform)
    points, _ = moved(result)
    part = rigid((0, 0, 80 * share), (0, 0, 12 * share))
    truth = (points + share * result.displacement.reshape(-1, 3)) @ part[:3, :3].T + part[:3, 3]
    np.testing.assert_allclose(map_points(PartialWarp(node).at(share), points), truth, atol=1e-6)


def test_the_whole_is_the_transform_itself(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    node = scene.GetNodeByID(publish(scene, result, *pair).transform)
    points, truth = moved(result)
    np.testing.assert_allclose(map_points(PartialWarp(node).at(1), points), truth, atol=1e-9)


def test_the_node_is_left_alone(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    node = scene.GetNodeByID(publish(scene, result, *pair).transform)
    PartialWarp(node).at(0.3)
    points, truth = moved(result)
    np.testing.assert_allclose(map_points(node.GetTransformFromParent(), points), truth, atol=1e-9)


def test_what_cannot_be_taken_in_part_is_refused(scene: vtkMRMLScene) -> None:
    spline = slicer.vtkMRMLTransformNode()
    points = vtk.vtkPoints()
    for corner in np.ndindex(2, 2, 2):
        points.InsertNextPoint(*(100.0 * np.array(corner)))
    thin_plate = vtk.vtkThinPlateSplineTransform()
    thin_plate.SetSourceLandmarks(points)
    thin_plate.SetTargetLandmarks(points)
    spline.SetAndObserveTransformFromParent(thin_plate)
    spline.SetName("by hand")
    with pytest.raises(InputError, match="'by hand' holds a vtkThinPlateSplineTransform"):
        PartialWarp(scene.AddNode(spline))
