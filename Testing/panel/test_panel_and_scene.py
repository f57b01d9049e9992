"""The panel and a scene that changes: settings, volumes that come and go, results, what is left behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from Testing.host import desktop

from .conftest import OpenPanel
from .parts import add_volume, background, fuse, names, next_tag, wait_until_idle


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
    ui.elasticCombo.currentText = "Slices alone"
    ui.smoothingSlider.value = 7.5
    ui.qualityCheck.checked = False
    scene.SetSaveToXMLString(1)
    scene.Commit()
    saved = scene.GetSceneXMLString()
    scene.Clear()
    assert ui.alignmentCombo.currentText == "Rigid, 3-D"
    assert ui.elasticCombo.currentText == "Volume, then slices"
    scene.SetLoadFromXMLString(1)
    scene.SetSceneXMLString(saved)
    scene.Import()
    panel.enter()
    assert ui.alignmentCombo.currentText == "Affine, 3-D"
    assert ui.elasticCombo.currentText == "Slices alone"
    assert ui.smoothingSlider.value == 7.5
    assert not ui.qualityCheck.checked


@pytest.mark.usefixtures("pair")
def test_an_output_that_is_off_is_not_made(open_panel: OpenPanel, scene: Any) -> None:
    panel = open_panel()
    for check in ("alignedCheck", "transformCheck", "qualityCheck", "slicesCheck"):
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


def test_the_grid_of_a_whole_body_has_the_widest_spacing_there_is(open_panel: OpenPanel, pair: Any) -> None:
    for node in pair:
        node.SetSpacing(100, 100, 500)
    ui = (panel := open_panel()).ui
    fuse(panel)
    assert ui.fusedSelector.currentNode() is not None
    assert ui.gridSpacingSlider.value == 50.0


@pytest.mark.usefixtures("open_panel")
def test_a_panel_that_is_gone_can_be_told_to_close_again() -> None:
    import BSAFusion

    widget = BSAFusion.BSAFusionWidget()
    widget.cleanup()
    widget.parent.deleteLater()
    desktop.process_events()
    widget.cleanup()
