import numpy as np
import pytest
from BSAFusionLib.scene.publish import publish
from BSAFusionLib.scene.read import read_volume
from slicer import vtkMRMLScene

from Testing.engine.phantoms import ramp
from Testing.scene.nodes import add_volume, map_points
from Testing.scene.results import GRID, INITIAL, make_result, moved


@pytest.fixture
def pair(scene: vtkMRMLScene) -> tuple[str, str]:
    fixed = add_volume(scene, ramp(GRID, "Head MR"))
    moving = add_volume(scene, ramp(GRID, "Head CT"))
    moving.GetDisplayNode().SetAutoWindowLevel(False)
    moving.GetDisplayNode().SetWindowLevel(80, 40)
    return fixed.GetID(), moving.GetID()


def xml(scene: vtkMRMLScene) -> list[str]:
    """Everything a scene file would say, node by node, and the voxels' sums."""
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    return [
        f"{node} {node.GetImageData().GetPointData().GetScalars() if node.IsA('vtkMRMLVolumeNode') else ''}"
        for node in nodes
    ]


def test_every_result_becomes_a_node_with_a_telling_name(scene: vtkMRMLScene, pair: tuple[str, str]) -> None:
    published = publish(scene, make_result(color=True), *pair)
    assert [scene.GetNodeByID(node_id).GetName() for node_id in published.ids] == [
        "Head MR fused with Head CT",
        "Head MR fused with Head CT in colour",
        "Head CT aligned to Head MR",
        "Head CT to Head MR",
        "Quality of Head CT to Head MR",
    ]


def test_volumes_lie_where_the_fixed_volume_lies(scene: vtkMRMLScene, pair: tuple[str, str]) -> None:
    result = make_result()
    published = publish(scene, result, *pair)
    for node_id, truth in ((published.fused, result.fused), (published.aligned, result.aligned)):
        volume = read_volume(scene.GetNodeByID(node_id))
        np.testing.assert_array_equal(volume.array, truth.array)
        np.testing.assert_allclose(volume.ijk_to_ras, GRID.ijk_to_ras, atol=1e-12)


@pytest.mark.parametrize("initial", [np.eye(4), INITIAL])
def test_the_transform_maps_fixed_points_to_moving_points(
    scene: vtkMRMLScene, pair: tuple[str, str], initial: np.ndarray
) -> None:
    result = make_result(initial=initial)
    node = scene.GetNodeByID(publish(scene, result, *pair).transform)
    points, truth = moved(result)
    np.testing.assert_allclose(map_points(node, points), truth, atol=1e-9)
    assert node.GetNodeReferenceID("spatialRegistrationFixed") == pair[0]
    assert node.GetNodeReferenceID("spatialRegistrationMoving") == pair[1]
