import gc
import json

import numpy as np
import pytest
import slicer.util
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.volume import Grid
from BSAFusionLib.scene.outputs import OFF, Outputs
from BSAFusionLib.scene.publish import publish
from BSAFusionLib.scene.read import read_volume
from slicer import vtkMRMLScene

from Testing.engine.phantoms import ramp, rigid, tilted_grid
from Testing.scene.nodes import add_linear, add_volume, map_points
from Testing.scene.results import GRID, INITIAL, make_result, moved

Pair = tuple[str, str]


def test_every_result_becomes_a_node_with_a_telling_name(scene: vtkMRMLScene, pair: Pair) -> None:
    published = publish(scene, make_result(color=True), *pair)
    assert [scene.GetNodeByID(node_id).GetName() for node_id in published.ids] == [
        "Head MR fused with Head CT",
        "Head MR fused with Head CT in colour",
        "Head CT aligned to Head MR",
        "Head CT to Head MR",
        "Quality of Head CT to Head MR",
    ]


def test_volumes_lie_where_the_fixed_volume_lies(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    published = publish(scene, result, *pair)
    for node_id, truth in ((published.fused, result.fused), (published.aligned, result.aligned)):
        volume = read_volume(scene.GetNodeByID(node_id))
        np.testing.assert_array_equal(volume.array, truth.array)
        np.testing.assert_allclose(volume.ijk_to_ras, GRID.ijk_to_ras, atol=1e-12)


@pytest.mark.parametrize("initial", [np.eye(4), INITIAL])
def test_the_transform_maps_fixed_points_to_moving_points(
    scene: vtkMRMLScene, pair: Pair, initial: np.ndarray
) -> None:
    result = make_result(initial=initial)
    node = scene.GetNodeByID(publish(scene, result, *pair).transform)
    points, truth = moved(result)
    np.testing.assert_allclose(map_points(node, points), truth, atol=1e-9)
    assert node.GetNodeReferenceID("spatialRegistrationFixed") == pair[0]
    assert node.GetNodeReferenceID("spatialRegistrationMoving") == pair[1]


def test_only_the_numbers_are_published_of_what_should_not_be_used(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    result.report["verdict"] = {"verdict": "do not use", "reasons": ["Noise."], "numbers": {}}
    published = publish(scene, result, *pair)
    assert published.ids == [published.quality]
    table = scene.GetNodeByID(published.quality)
    assert "do not use" in table.GetAttribute("BSAFusion.Verdict")
    column = table.GetTable().GetColumnByName("Verdict")
    assert [column.GetValue(row) for row in (0, 1)] == ["do not use", "Noise."]


def test_who_insists_gets_all_nodes_and_each_carries_the_verdict(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    result.report["verdict"] = {"verdict": "do not use", "reasons": ["Noise."], "numbers": {}}
    result.report["configuration"] = {"insist": True}
    published = publish(scene, result, *pair)
    assert len(published.ids) == 4
    for node_id in published.ids:
        verdict = json.loads(scene.GetNodeByID(node_id).GetAttribute("BSAFusion.Verdict"))
        assert verdict["verdict"] == "do not use"


def test_a_moved_fixed_volume_gives_results_in_the_world(scene: vtkMRMLScene, pair: Pair) -> None:
    scene.GetNodeByID(pair[0]).SetAndObserveTransformNodeID(add_linear(scene, INITIAL).GetID())
    world = Grid(GRID.shape, read_volume(scene.GetNodeByID(pair[0])).ijk_to_ras)
    published = publish(scene, make_result(world), *pair)
    fused = scene.GetNodeByID(published.fused)
    assert fused.GetParentTransformNode() is None
    np.testing.assert_allclose(read_volume(fused).ijk_to_ras, INITIAL @ GRID.ijk_to_ras, atol=1e-9)


def test_slicer_and_simpleitk_resample_the_moving_volume_alike(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result(initial=rigid((4, -3, 2), (3, -2, 1)))
    node = scene.GetNodeByID(publish(scene, result, *pair).transform)
    moving = scene.GetNodeByID(pair[1])
    moving.SetAndObserveTransformNodeID(node.GetID())
    pulled = slicer.vtkSlicerVolumesLogic.ResampleVolumeToReferenceVolume(moving, scene.GetNodeByID(pair[0]))
    truth = resample(ramp(GRID), GRID, result.initial, result.displacement, fill=0)
    inside = (truth != 0) & (slicer.util.arrayFromVolume(pulled) != 0)
    assert inside.mean() > 0.4
    np.testing.assert_allclose(slicer.util.arrayFromVolume(pulled)[inside], truth[inside], atol=0.01)


def test_pictures_are_shown_as_what_they_are(scene: vtkMRMLScene, pair: Pair) -> None:
    published = publish(scene, make_result(color=True), *pair)
    shown = [
        scene.GetNodeByID(n).GetDisplayNode() for n in (published.fused, published.color, published.aligned)
    ]
    assert [(d.GetAutoWindowLevel(), d.GetWindow(), d.GetLevel()) for d in shown] == [
        (0, 1, 0.5),
        (0, 255, 127.5),
        (0, 80, 40),
    ]
    assert shown[0].GetColorNodeID() == "vtkMRMLColorTableNodeGrey"


def test_each_result_tells_where_it_comes_from(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    result.report["model"] = {"id": "m1", "hash": "abc"}
    published = publish(scene, result, *pair, provenance={"Verdict": "good"})
    for node_id in published.ids:
        node = scene.GetNodeByID(node_id)
        assert json.loads(node.GetAttribute("BSAFusion.Model")) == {"id": "m1", "hash": "abc"}
        assert node.GetAttribute("BSAFusion.Verdict") == "good"
        assert "display only" in node.GetAttribute("BSAFusion.Use")


def test_results_are_filed_beside_the_fixed_volume(scene: vtkMRMLScene, pair: Pair) -> None:
    tree = scene.GetSubjectHierarchyNode()
    patient = tree.CreateFolderItem(tree.GetSceneItemID(), "Patient")
    tree.CreateItem(patient, scene.GetNodeByID(pair[0]))
    first, second = publish(scene, make_result(), *pair), publish(scene, make_result(), *pair)
    folder = tree.GetItemChildWithName(patient, "Head MR fused with Head CT")
    items = [tree.GetItemByDataNode(scene.GetNodeByID(node_id)) for node_id in first.ids + second.ids]
    assert {tree.GetItemParent(item) for item in items} == {folder}


def test_publishing_twice_into_the_same_nodes_adds_none(scene: vtkMRMLScene, pair: Pair) -> None:
    first = publish(scene, make_result(), *pair)
    count, other = scene.GetNumberOfNodes(), make_result(initial=np.eye(4))
    second = publish(
        scene, other, *pair, Outputs(**{role: node or OFF for role, node in vars(first).items()})
    )
    assert second == first
    assert scene.GetNumberOfNodes() == count
    points, truth = moved(other)
    np.testing.assert_allclose(map_points(scene.GetNodeByID(second.transform), points), truth, atol=1e-9)


def test_an_updated_output_leaves_its_transform_and_keeps_its_name(scene: vtkMRMLScene, pair: Pair) -> None:
    mine = add_volume(scene, ramp(tilted_grid(), "Mine"))
    mine.SetAndObserveTransformNodeID(add_linear(scene, INITIAL).GetID())
    publish(scene, make_result(), *pair, Outputs(fused=mine.GetID()))
    assert mine.GetName() == "Mine"
    np.testing.assert_allclose(read_volume(mine).ijk_to_ras, GRID.ijk_to_ras, atol=1e-12)


def test_only_what_is_asked_for_is_made(scene: vtkMRMLScene, pair: Pair) -> None:
    published = publish(scene, make_result(), *pair, Outputs(aligned=OFF, transform=OFF, quality=OFF))
    assert [scene.GetNodeByID(n).GetName() for n in published.ids] == ["Head MR fused with Head CT"]


def test_a_second_result_gets_its_own_name(scene: vtkMRMLScene, pair: Pair) -> None:
    publish(scene, make_result(), *pair)
    again = publish(scene, make_result(), *pair)
    assert scene.GetNodeByID(again.fused).GetName() == "Head MR fused with Head CT_1"


def test_publishing_leaves_originals_selection_and_undo_alone(scene: vtkMRMLScene, pair: Pair) -> None:
    scene.SetUndoOn()
    scene.SaveStateForUndo()
    selection = scene.GetSingletonNode("Singleton", "vtkMRMLSelectionNode")
    selection.SetActiveVolumeID(pair[1])
    before = [slicer.util.arrayFromVolume(scene.GetNodeByID(n)).copy() for n in pair]
    publish(scene, make_result(), *pair)
    for node_id, array in zip(pair, before, strict=True):
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(scene.GetNodeByID(node_id)), array)
    assert selection.GetActiveVolumeID() == pair[1]
    assert scene.GetNumberOfUndoLevels() == 1


def test_nodes_outlive_the_arrays_they_were_made_from(scene: vtkMRMLScene, pair: Pair) -> None:
    result = make_result()
    fused = result.fused.array.copy()
    published = publish(scene, result, *pair)
    del result
    gc.collect()
    clutter = [np.full(GRID.shape, 9, np.float32) for _ in range(20)]
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(scene.GetNodeByID(published.fused)), fused)
    assert clutter[0].max() == 9
