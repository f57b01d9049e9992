"""What is said of volumes before a run, and what is refused."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import slicer
import slicer.util
import vtk
from BSAFusionLib.app.inspection import Inspector, describe, suggest
from BSAFusionLib.app.presentation import present
from BSAFusionLib.app.request import FusionRequest
from BSAFusionLib.app.view import State
from BSAFusionLib.engine.config import FusionConfig
from BSAFusionLib.engine.phantom import head_pair
from BSAFusionLib.scene.add_volume import add_volume
from BSAFusionLib.scene.outputs import OFF, Outputs
from BSAFusionLib.scene.start_nodes import StartNodes

Pair = tuple[Any, Any]


@pytest.fixture
def inspector(scene: Any) -> Inspector:
    return Inspector(scene)


@pytest.fixture
def pair(scene: Any) -> Pair:
    head = head_pair(32, 10)
    return add_volume(scene, head.fixed), add_volume(scene, head.moving)


def problem(scene: Any, inspector: Inspector, pair: Pair, **changes: Any) -> str | None:
    return FusionRequest(pair[0].GetID(), pair[1].GetID(), **changes).problem(scene, inspector)


def test_a_sound_pair_has_no_problem(scene: Any, inspector: Inspector, pair: Pair) -> None:
    assert problem(scene, inspector, pair) is None


def test_a_volume_is_described_in_one_line(inspector: Inspector, pair: Pair) -> None:
    facts = inspector.facts(pair[0].GetID(), "fixed")
    assert facts.modality == "mr"
    assert describe(facts).replace("\u00a0", " ") == (
        "Axial, 32 × 32 × 10 voxels of 6.81 × 6.81 × 17.00 mm, field of view 218 × 218 × 170 mm."
    )


def test_a_tilted_volume_is_called_oblique(inspector: Inspector, pair: Pair) -> None:
    turn = vtk.vtkTransform()
    turn.RotateX(30)
    directions = vtk.vtkMatrix4x4()
    pair[0].GetIJKToRASMatrix(directions)
    vtk.vtkMatrix4x4.Multiply4x4(turn.GetMatrix(), directions, directions)
    pair[0].SetIJKToRASMatrix(directions)
    assert describe(inspector.facts(pair[0].GetID(), "fixed")).startswith("Oblique axial")


def test_a_parent_transform_is_told_and_counts(scene: Any, inspector: Inspector, pair: Pair) -> None:
    assert "8 mm apart" in inspector.pair(pair[0].GetID(), pair[1].GetID()).line
    transform = scene.AddNewNodeByClass("vtkMRMLTransformNode", "shift")
    pair[1].SetAndObserveTransformNodeID(transform.GetID())
    shift = vtk.vtkTransform()
    shift.Translate(0, 0, 500)
    transform.SetMatrixTransformToParent(shift.GetMatrix())
    assert "moved by the transform 'shift'" in describe(inspector.facts(pair[1].GetID(), "moving"))
    assert "do not overlap" in (problem(scene, inspector, pair) or "")


def test_volumes_apart_may_be_put_centre_on_centre(scene: Any, inspector: Inspector, pair: Pair) -> None:
    pair[1].SetOrigin(0, 0, 900)
    assert "(center)" in (problem(scene, inspector, pair) or "")
    assert problem(scene, inspector, pair, config=FusionConfig(init="center")) is None


def test_changed_voxels_are_looked_at_again(scene: Any, inspector: Inspector, pair: Pair) -> None:
    assert problem(scene, inspector, pair) is None
    slicer.util.arrayFromVolume(pair[0])[0, 0, 0] = np.nan
    slicer.util.arrayFromVolumeModified(pair[0])
    assert "1 " in (problem(scene, inspector, pair) or "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"config": FusionConfig(window="bone", modality="mr")}, "window 'bone' is for CT"),
        ({"outputs": Outputs(*[OFF] * len(fields(Outputs)))}, "All outputs are switched off"),
        ({"outputs": Outputs(fused="vtkMRMLScalarVolumeNode1")}, "is an input and would be overwritten"),
    ],
)
def test_options_and_outputs_that_do_not_fit_are_refused(
    scene: Any, inspector: Inspector, pair: Pair, changes: dict[str, Any], sentence: str
) -> None:
    assert sentence in (problem(scene, inspector, pair, **changes) or "")


def test_the_mr_is_suggested_as_fixed_whatever_the_order(scene: Any, inspector: Inspector) -> None:
    head = head_pair(32, 10)
    ct, mr = add_volume(scene, head.moving), add_volume(scene, head.fixed)
    assert suggest(scene, inspector) == (mr.GetID(), ct.GetID())
    add_volume(scene, head.fixed)
    assert suggest(scene, inspector) is None


def test_results_are_not_suggested(scene: Any, inspector: Inspector, pair: Pair) -> None:
    result = add_volume(scene, head_pair(32, 10).fixed)
    result.SetAttribute("BSAFusion.Use", "Display only")
    assert suggest(scene, inspector) == (pair[0].GetID(), pair[1].GetID())


@pytest.mark.parametrize(
    ("state", "button", "enabled"),
    [
        (State.IDLE, "Fuse", True),
        (State.RUNNING, "Cancel", True),
        (State.INSTALLING, "Cancel", False),
        (State.FAILED, "Fuse", True),
    ],
)
def test_the_button_follows_the_state(
    scene: Any, inspector: Inspector, pair: Pair, state: State, button: str, enabled: bool
) -> None:
    shown = present(scene, inspector, FusionRequest(pair[0].GetID(), pair[1].GetID()), state, {})
    assert (shown.button, shown.button_enabled, shown.reason) == (button, enabled, "")


def test_a_device_that_is_not_there_is_named_with_those_that_are(
    scene: Any, inspector: Inspector, pair: Pair
) -> None:
    request = FusionRequest(pair[0].GetID(), pair[1].GetID(), FusionConfig(device="cuda"))
    shown = present(scene, inspector, request, State.IDLE, {"cpu": "processor, 2 threads"})
    assert shown.device == "Not available here: choose cpu."


def test_a_chosen_start_is_looked_up_once_for_all_that_the_panel_shows(
    scene: Any, inspector: Inspector, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    lift = vtk.vtkMatrix4x4()
    lift.SetElement(2, 3, 20.0)
    start.SetMatrixTransformToParent(lift)
    looked_up = []
    applied = StartNodes.applied

    def counted(self: StartNodes, *arguments: Any) -> FusionConfig:
        looked_up.append(self)
        return applied(self, *arguments)

    monkeypatch.setattr(StartNodes, "applied", counted)
    request = FusionRequest(pair[0].GetID(), pair[1].GetID(), start=StartNodes(start.GetID()))
    shown = present(scene, inspector, request, State.IDLE, {})
    assert shown.reason == ""
    assert shown.pair.startswith("At the start: ")
    assert len(looked_up) == 1
