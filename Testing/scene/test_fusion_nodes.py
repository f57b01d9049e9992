from pathlib import Path

from BSAFusionLib.scene.fusion_nodes import find_fusions
from BSAFusionLib.scene.publish import publish
from slicer import vtkMRMLScene

from Testing.scene.nodes import add_volume
from Testing.scene.results import make_result

Pair = tuple[str, str]


def test_the_nodes_of_each_fusion_are_found_by_what_they_carry(scene: vtkMRMLScene, pair: Pair) -> None:
    first, second = (publish(scene, make_result(color=color), *pair) for color in (True, False))
    found = find_fusions(scene)
    assert [[fusion.get(role).GetID() for role in fusion.results] for fusion in found] == [
        first.ids,
        second.ids,
    ]
    assert [(fusion.fixed.GetID(), fusion.moving.GetID()) for fusion in found] == [pair, pair]
    assert found[0].inputs["moving"] == {"modality": "pet", "window": [-20.0, 100.0]}
    assert found[1].get("color") is None


def test_they_are_found_after_saving_and_loading(scene: vtkMRMLScene, pair: Pair, tmp_path: Path) -> None:
    publish(scene, make_result(color=True), *pair)
    scene.WriteToMRB(str(tmp_path / "scene.mrb"))
    scene.Clear()
    assert find_fusions(scene) == []
    scene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    (fusion,) = find_fusions(scene)
    assert fusion.fixed.GetName() == "Head MR"
    assert fusion.moving.GetName() == "Head CT"
    assert sorted(fusion.results) == ["aligned", "color", "fused", "quality", "transform"]
    assert fusion.inputs["fixed"]["modality"] == "mr"


def test_a_removed_node_is_missed_and_the_rest_is_found(scene: vtkMRMLScene, pair: Pair) -> None:
    published = publish(scene, make_result(), *pair)
    scene.RemoveNode(scene.GetNodeByID(pair[1]))
    scene.RemoveNode(scene.GetNodeByID(published.aligned))
    (fusion,) = find_fusions(scene)
    assert fusion.moving is None
    assert fusion.get("aligned") is None
    assert fusion.get("fused").GetID() == published.fused


def test_a_second_run_into_the_same_nodes_is_one_fusion(scene: vtkMRMLScene, pair: Pair) -> None:
    from BSAFusionLib.scene.outputs import Outputs

    published = publish(scene, make_result(), *pair)
    other = add_volume(scene, make_result().fused).GetID()
    chosen = Outputs(**{role: node_id for role, node_id in vars(published).items() if node_id})
    publish(scene, make_result(), pair[0], other, chosen)
    (fusion,) = find_fusions(scene)
    assert fusion.moving.GetID() == other
