"""Apply to and Export in the panel, under real clicks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import OpenPanel
from .parts import add_volume, fuse, names


@pytest.fixture
def panel(open_panel: OpenPanel, scene: Any) -> Any:
    add_volume(scene, "T1", 2.0)
    add_volume(scene, "CT", 4.0)
    return open_panel()


def add_points(scene: Any) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Targets")
    node.AddControlPoint([10.0, 20.0, 30.0], "A")
    return node


def test_apply_says_what_is_missing_until_it_can_be_pressed(panel: Any, scene: Any) -> None:
    ui = panel.applyPanel.ui
    ui.applySection.collapsed = False
    assert not ui.applyButton.enabled
    assert ui.applyReasonLabel.text == "Choose the transform of a fusion."
    fuse(panel)
    assert ui.applyReasonLabel.text == ui.applyButton.toolTip == "Check what shall be carried over."
    ui.applyNodesSelector.check(add_points(scene))
    assert ui.applyButton.enabled
    assert ui.applyReasonLabel.text == ""


def test_checked_nodes_are_carried_by_one_click(panel: Any, scene: Any) -> None:
    import slicer
    import vtk

    ui = panel.applyPanel.ui
    fuse(panel)
    points = add_points(scene)
    volume = scene.GetFirstNodeByName("CT")
    for node in (points, volume):
        ui.applyNodesSelector.check(node)
    ui.applyInterpolationCombo.currentIndex = 2
    ui.applyButton.click()
    assert ui.applyResultLabel.text == "Made: CT in T1, Targets in T1."
    copy = scene.GetFirstNodeByName("Targets in T1")
    from_world = vtk.vtkGeneralTransform()
    ui.applyTransformSelector.currentNode().GetTransformFromWorld(from_world)
    back = from_world.TransformPoint(copy.GetNthControlPointPositionWorld(0))
    np.testing.assert_allclose(back, [10, 20, 30], atol=0.01)
    assert slicer.util.arrayFromVolume(scene.GetFirstNodeByName("CT in T1")).max() == 4


def test_the_other_direction_leads_to_the_moving_volume(panel: Any, scene: Any) -> None:
    ui = panel.applyPanel.ui
    fuse(panel)
    ui.applyNodesSelector.check(add_points(scene))
    ui.applyDirectionCombo.currentIndex = 1
    ui.applyButton.click()
    assert "Targets in CT" in names(scene)


def test_what_cannot_be_carried_is_said_before_it_is_tried(panel: Any, scene: Any) -> None:
    ui = panel.applyPanel.ui
    fuse(panel)
    points = add_points(scene)
    points.SetAndObserveTransformNodeID(ui.applyTransformSelector.currentNode().GetID())
    ui.applyNodesSelector.check(points)
    assert not ui.applyButton.enabled
    assert "would move twice" in ui.applyReasonLabel.text
    scene.RemoveNode(points)
    assert ui.applyReasonLabel.text == "Check what shall be carried over."


def tell_modalities(scene: Any) -> None:
    """What a real run writes into its results; the scripted one does not look at its volumes."""
    inputs = {"fixed": {"modality": "mr", "window": [0, 2]}, "moving": {"modality": "ct", "window": [0, 4]}}
    for n in range(scene.GetNumberOfNodes()):
        if scene.GetNthNode(n).GetAttribute("BSAFusion.Run"):
            scene.GetNthNode(n).SetAttribute("BSAFusion.Inputs", json.dumps(inputs))


def test_a_fusion_is_exported_by_two_clicks(panel: Any, scene: Any, tmp_path: Path) -> None:
    ui = panel.applyPanel.ui
    fuse(panel)
    folder = tmp_path / "export"
    ui.exportFolderEdit.currentPath = str(folder)
    assert "is not a folder" in ui.exportReasonLabel.text
    assert not ui.exportTransformButton.enabled
    folder.mkdir()
    ui.exportFolderEdit.currentPath = f"{folder}/"
    for index, name in enumerate(["CT to T1.nrrd", "CT to T1.nii.gz"]):
        ui.exportFormatCombo.currentIndex = index
        ui.exportTransformButton.click()
        assert ui.exportResultLabel.text == f"Written: {folder / name}."
    ui.exportFormatCombo.currentIndex = 2
    ui.exportTransformButton.click()
    assert "exists: choose another folder" in ui.exportResultLabel.text
    tell_modalities(scene)
    ui.exportDicomButton.click()
    assert "number of files" in ui.exportResultLabel.text
    assert len(list((folder / "fused").glob("*.dcm"))) == 4


def test_a_closed_scene_leaves_the_sections_usable(panel: Any, scene: Any) -> None:
    ui = panel.applyPanel.ui
    fuse(panel)
    ui.applyNodesSelector.check(add_points(scene))
    scene.Clear()
    assert ui.applyReasonLabel.text == "Choose the transform of a fusion."
    assert not ui.applyButton.enabled
