import numpy as np
import pytest
import slicer.util
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.scene import contents
from BSAFusionLib.scene import publish as publishing
from BSAFusionLib.scene.outputs import NEW, OFF, Outputs
from BSAFusionLib.scene.publish import publish
from slicer import vtkMRMLNode, vtkMRMLScene

from Testing.engine.phantoms import ramp
from Testing.scene.nodes import add_linear, add_volume, map_points
from Testing.scene.results import GRID, INITIAL, make_result

Pair = tuple[str, str]


def of_class(scene: vtkMRMLScene, name: str) -> list[vtkMRMLNode]:
    return [scene.GetNthNodeByClass(n, name) for n in range(scene.GetNumberOfNodesByClass(name))]


def state(scene: vtkMRMLScene) -> list[object]:
    """What a scene file would hold, from nodes to the tree, with voxels, mappings and the undo stacks."""
    scene.SetSaveToXMLString(1)
    scene.Commit()
    point = np.array([[5.0, -20.0, 33.0]])
    return [
        scene.GetSceneXMLString(),
        [slicer.util.arrayFromVolume(node).tobytes() for node in of_class(scene, "vtkMRMLScalarVolumeNode")],
        [map_points(node, point).tolist() for node in of_class(scene, "vtkMRMLTransformNode")],
        [scene.GetNumberOfUndoLevels(), scene.GetNumberOfRedoLevels()],
    ]


def break_step(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The step does its work and fails then."""
    step = getattr(STEPS[name], name)

    def fail(*arguments: object) -> None:
        step(*arguments)
        raise RuntimeError("broken")

    monkeypatch.setattr(STEPS[name], name, fail)


STEPS = {
    "_show_unit_range": contents,
    "_show_transform": contents,
    "fill_table": contents,
    "file_beside": publishing,
}


@pytest.mark.parametrize("step", list(STEPS))
def test_a_failing_step_leaves_a_new_scene_as_it_was(
    scene: vtkMRMLScene, pair: Pair, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = state(scene)
    break_step(monkeypatch, step)
    with pytest.raises(RuntimeError, match="broken"):
        publish(scene, make_result(), *pair)
    assert state(scene) == before


@pytest.mark.parametrize("step", list(STEPS))
def test_a_failing_step_leaves_updated_nodes_as_they_were(
    scene: vtkMRMLScene, pair: Pair, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    scene.SetUndoOn()
    first = publish(scene, make_result(), *pair, provenance={"run": "first"})
    scene.SaveStateForUndo()
    scene.GetNodeByID(first.fused).SetAndObserveTransformNodeID(add_linear(scene, INITIAL).GetID())
    before = state(scene)
    break_step(monkeypatch, step)
    chosen = Outputs(first.fused, OFF, first.aligned, first.transform, quality=NEW)
    with pytest.raises(RuntimeError, match="broken"):
        publish(scene, make_result(initial=np.eye(4)), *pair, chosen, provenance={"run": "second", "more": 1})
    assert state(scene) == before


def test_an_input_that_has_gone_is_said(scene: vtkMRMLScene, pair: Pair) -> None:
    scene.RemoveNode(scene.GetNodeByID(pair[1]))
    with pytest.raises(InputError, match="moving volume is no longer in the scene"):
        publish(scene, make_result(), *pair)


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        (Outputs(fused="vtkMRMLScalarVolumeNode1"), "'Head MR' is an input"),
        (Outputs(aligned="vtkMRMLScalarVolumeNode2"), "'Head CT' is an input"),
        (Outputs(fused="gone"), "no longer in the scene"),
        (Outputs(transform="vtkMRMLSliceNodeRed"), "cannot hold 'Head CT to Head MR'"),
        (Outputs(transform="vtkMRMLTransformNode1"), "would jump with its update"),
    ],
)
def test_an_output_that_cannot_be_used_is_refused(
    scene: vtkMRMLScene, pair: Pair, outputs: Outputs, reason: str
) -> None:
    scene.GetNodeByID(pair[1]).SetAndObserveTransformNodeID(add_linear(scene, INITIAL).GetID())
    before = state(scene)
    with pytest.raises(InputError, match=reason):
        publish(scene, make_result(), *pair, outputs)
    assert state(scene) == before


def test_one_node_for_two_results_is_refused(scene: vtkMRMLScene, pair: Pair) -> None:
    mine = add_volume(scene, ramp(GRID, "Mine")).GetID()
    with pytest.raises(InputError, match="'Mine' is chosen for two outputs"):
        publish(scene, make_result(), *pair, Outputs(fused=mine, aligned=mine))
