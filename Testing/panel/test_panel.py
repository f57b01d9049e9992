"""The panel under real clicks, with real processes and the real scene; what computes is scripted."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.host import desktop

from .conftest import OpenPanel


def add_volume(scene: Any, name: str, value: float) -> Any:
    import slicer

    array = np.full((4, 5, 6), value, np.float32)
    array[0, 0, 0] = 0
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetSpacing(20, 20, 30)
    node.CreateDefaultDisplayNodes()
    return node


@pytest.fixture
def pair(scene: Any) -> tuple[Any, Any]:
    return add_volume(scene, "T1", 2.0), add_volume(scene, "CT", 4.0)


def wait_until_idle(panel: Any) -> None:
    desktop.wait_for(lambda: not panel.panel.controller.state.is_busy)


def fuse(panel: Any) -> None:
    panel.ui.fuseButton.click()
    wait_until_idle(panel)


def names(scene: Any) -> list[str]:
    return [scene.GetNthNode(n).GetName() for n in range(scene.GetNumberOfNodes())]


def next_tag(node: Any) -> int:
    """Observers are numbered in the order in which they are added, this one included."""
    tag = node.AddObserver("ModifiedEvent", lambda *_arguments: None)
    node.RemoveObserver(tag)
    return int(tag)


def background(scene: Any) -> str:
    return scene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode").GetBackgroundVolumeID()


def test_without_volumes_the_button_says_what_to_do(open_panel: OpenPanel) -> None:
    ui = open_panel().ui
    assert not ui.fuseButton.enabled
    assert ui.reasonLabel.text == "Choose the fixed volume."
    assert ui.fuseButton.toolTip == "Choose the fixed volume."


def test_two_volumes_are_chosen_on_their_own_and_one_click_fuses(
    open_panel: OpenPanel, scene: Any, pair: tuple[Any, Any]
) -> None:
    import slicer

    panel = open_panel()
    assert panel.ui.fixedSelector.currentNode() is pair[0]
    assert panel.ui.movingSelector.currentNode() is pair[1]
    fuse(panel)
    fused = panel.ui.fusedSelector.currentNode()
    assert fused.GetName() == "T1 fused with CT"
    assert slicer.util.arrayFromVolume(fused)[1, 1, 1] == 3.0
    assert background(scene) == fused.GetID()
    assert "correlation 0.500 → 0.750" in panel.ui.resultLabel.text
    assert panel.ui.resultFrame.visible
    assert not panel.ui.progressBar.visible


@pytest.mark.usefixtures("pair")
def test_a_second_click_updates_the_same_nodes(open_panel: OpenPanel, scene: Any) -> None:
    panel = open_panel()
    fuse(panel)
    before = names(scene)
    fuse(panel)
    assert names(scene) == before


@pytest.mark.usefixtures("pair")
def test_the_volumes_are_described_before_the_run(open_panel: OpenPanel) -> None:
    ui = open_panel().ui
    assert "6 × 5 × 4 voxels of 20.00 × 20.00 × 30.00 mm" in ui.fixedInfo.text
    assert "Taken for MR" in ui.fixedInfo.text
    assert ui.pairInfo.text.startswith("They share 100% of the fixed and 100% of the moving volume")


def test_a_volume_that_cannot_be_used_says_why(open_panel: OpenPanel, scene: Any, pair: Any) -> None:
    panel = open_panel()
    broken = add_volume(scene, "broken", np.nan)
    panel.ui.movingSelector.setCurrentNode(broken)
    assert not panel.ui.fuseButton.enabled
    assert "'broken'" in panel.ui.reasonLabel.text
    panel.ui.movingSelector.setCurrentNode(pair[1])
    assert panel.ui.fuseButton.enabled
    panel.ui.movingSelector.setCurrentNode(pair[0])
    assert "are the same" in panel.ui.reasonLabel.text


def test_volumes_far_apart_are_refused_with_the_distance(open_panel: OpenPanel, pair: Any) -> None:
    panel = open_panel()
    pair[1].SetOrigin(1000, 0, 0)
    panel.panel.refresh()
    assert not panel.ui.fuseButton.enabled
    assert "mm" in panel.ui.reasonLabel.text
    assert "do not overlap" in panel.ui.pairInfo.text


def test_swap_exchanges_the_volumes_and_what_they_are_taken_for(open_panel: OpenPanel, pair: Any) -> None:
    ui = open_panel().ui
    ui.movingModalityCombo.currentText = "CT"
    ui.swapButton.click()
    assert ui.fixedSelector.currentNode() is pair[1]
    assert ui.movingSelector.currentNode() is pair[0]
    assert (ui.fixedModalityCombo.currentText, ui.movingModalityCombo.currentText) == ("CT", "Automatic")


@pytest.mark.usefixtures("pair")
def test_the_button_cancels_while_running(
    open_panel: OpenPanel,
    scene: Any,
    temporary: Path,
) -> None:
    panel = open_panel("slow")
    before = names(scene)
    panel.ui.fuseButton.click()
    desktop.wait_for(lambda: panel.ui.progressBar.value > 0)
    assert panel.ui.fuseButton.text == "Cancel"
    assert panel.ui.progressLabel.text.startswith("Registering slices: ")
    assert not panel.ui.inputsSection.enabled
    panel.ui.fuseButton.click()
    assert panel.ui.fuseButton.text == "Fuse"
    assert panel.ui.resultLabel.text == "Cancelled. Nothing was changed."
    assert names(scene) == before
    assert list(temporary.glob("bsafusion-run-*")) == []


@pytest.mark.parametrize("behaviour", ["crash", "memory", "disk", "garble", "input"])
@pytest.mark.usefixtures("pair")
def test_an_error_is_shown_in_place_and_the_panel_stays_ready(
    open_panel: OpenPanel,
    scene: Any,
    behaviour: str,
) -> None:
    panel = open_panel(behaviour)
    before = names(scene)
    fuse(panel)
    assert panel.ui.resultFrame.visible
    assert len(panel.ui.resultLabel.text) > 30
    assert names(scene) == before
    assert panel.ui.fuseButton.enabled
    assert panel.ui.fuseButton.text == "Fuse"


@pytest.mark.usefixtures("pair")
def test_details_unfold_and_can_be_copied(open_panel: OpenPanel, application: Any) -> None:
    ui = (panel := open_panel("input")).ui
    fuse(panel)
    assert not ui.detailsText.visible
    ui.detailsButton.click()
    assert ui.detailsText.visible
    assert ui.detailsText.plainText == "the details"
    ui.copyButton.click()
    assert application.clipboard().text() == "The fixed volume is odd: choose another.\n\nthe details"


def test_a_volume_deleted_during_the_run_ends_it(open_panel: OpenPanel, scene: Any, pair: Any) -> None:
    panel = open_panel("slow")
    panel.ui.fuseButton.click()
    desktop.wait_for(lambda: panel.ui.progressBar.value > 0)
    scene.RemoveNode(pair[1])
    wait_until_idle(panel)
    assert "was removed during the run" in panel.ui.resultLabel.text
    assert panel.ui.reasonLabel.text == "Choose the moving volume."


@pytest.mark.usefixtures("pair")
def test_a_scene_closed_during_the_run_ends_it(open_panel: OpenPanel, scene: Any) -> None:
    panel = open_panel("slow")
    panel.ui.fuseButton.click()
    desktop.wait_for(lambda: panel.ui.progressBar.value > 0)
    scene.Clear()
    wait_until_idle(panel)
    assert "scene was closed" in panel.ui.resultLabel.text
    assert panel.ui.reasonLabel.text == "Choose the fixed volume."


def test_entering_again_and_again_adds_no_observer(open_panel: OpenPanel, scene: Any) -> None:
    panel = open_panel()
    node = scene.GetSingletonNode("BSAFusion", "vtkMRMLScriptedModuleNode")
    before = next_tag(node)
    for _ in range(5):
        panel.exit()
        panel.enter()
    scene.Clear()
    assert scene.GetSingletonNode("BSAFusion", "vtkMRMLScriptedModuleNode") is node
    assert next_tag(node) == before + 1


def test_volumes_loaded_while_the_panel_is_open_are_chosen(open_panel: OpenPanel, scene: Any) -> None:
    ui = open_panel().ui
    first, second = add_volume(scene, "T1", 2.0), add_volume(scene, "CT", 4.0)
    desktop.wait_for(lambda: ui.fuseButton.enabled)
    assert ui.fixedSelector.currentNode() is first
    assert ui.movingSelector.currentNode() is second


@pytest.mark.usefixtures("pair")
def test_settings_come_back_with_a_saved_scene(open_panel: OpenPanel, scene: Any) -> None:
    ui = (panel := open_panel()).ui
    ui.alignmentCombo.currentText = "Affine, 3-D"
    ui.smoothingSlider.value = 7.5
    ui.qualityCheck.checked = False
    scene.SetSaveToXMLString(1)
    scene.Commit()
    saved = scene.GetSceneXMLString()
    scene.Clear()
    assert ui.alignmentCombo.currentText == "Rigid, 3-D"
    scene.SetLoadFromXMLString(1)
    scene.SetSceneXMLString(saved)
    scene.Import()
    panel.enter()
    assert ui.alignmentCombo.currentText == "Affine, 3-D"
    assert ui.smoothingSlider.value == 7.5
    assert not ui.qualityCheck.checked


@pytest.mark.usefixtures("pair")
def test_an_output_that_is_off_is_not_made(open_panel: OpenPanel, scene: Any) -> None:
    panel = open_panel()
    for check in ("alignedCheck", "transformCheck", "qualityCheck"):
        getattr(panel.ui, check).click()
    fuse(panel)
    assert panel.ui.transformSelector.nodeCount() == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 3
    panel.ui.fusedCheck.click()
    panel.ui.colorCheck.click()
    assert "switched off" in panel.ui.reasonLabel.text


def test_each_volume_is_one_click_away(open_panel: OpenPanel, scene: Any, pair: Any) -> None:
    ui = (panel := open_panel()).ui
    assert not ui.showFusedButton.enabled
    fuse(panel)
    ui.showMovingButton.click()
    assert background(scene) == pair[1].GetID()
    ui.showFixedButton.click()
    assert background(scene) == pair[0].GetID()
    ui.showAlignedButton.click()
    assert background(scene) == ui.alignedSelector.currentNodeID


@pytest.mark.usefixtures("pair")
def test_the_grid_is_drawn_with_the_chosen_spacing(open_panel: OpenPanel) -> None:
    ui = (panel := open_panel()).ui
    fuse(panel)
    display = ui.transformSelector.currentNode().GetDisplayNode()
    assert not display.GetVisibility2D()
    ui.gridCheck.click()
    ui.gridSpacingSlider.value = 12.5
    assert (display.GetVisibility2D(), display.GetVisibility3D()) == (1, 1)
    assert display.GetGridSpacingMm() == 12.5
    coloured = display.GetColorMap().GetSize()
    ui.gridColorCheck.click()
    assert display.GetColorMap().GetSize() == 1 < coloured


@pytest.mark.usefixtures("pair")
def test_a_closed_panel_leaves_no_process_file_or_observer(
    open_panel: OpenPanel, scene: Any, temporary: Path
) -> None:
    before = str(scene).count("vtkObserver")
    panel = open_panel("slow")
    panel.ui.fuseButton.click()
    desktop.wait_for(lambda: panel.ui.progressBar.value > 0)
    worker = panel.panel.controller._worker
    open_panel.close()
    assert not worker.is_warm
    assert str(scene).count("vtkObserver") == before
    assert list(temporary.glob("bsafusion-run-*")) == []


@pytest.mark.usefixtures("pair")
def test_runs_cancels_and_killed_workers_pile_nothing_up(open_panel: OpenPanel, scene: Any) -> None:
    panel = open_panel("brief")
    fuse(panel)
    before = (names(scene), str(scene).count("vtkObserver"))
    for way in ("run", "cancel", "kill") * 2:
        panel.ui.fuseButton.click()
        desktop.wait_for(lambda: panel.ui.progressBar.value > 0)
        if way == "cancel":
            panel.ui.fuseButton.click()
        if way == "kill":
            os.kill(panel.panel.controller._worker._connection.pid, signal.SIGKILL)
        wait_until_idle(panel)
        assert ("signal 9" in panel.ui.resultLabel.text) == (way == "kill")
    assert (names(scene), str(scene).count("vtkObserver")) == before
