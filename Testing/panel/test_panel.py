"""The panel under real clicks, with real processes and the real scene; what computes is scripted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.host import desktop

from .conftest import OpenPanel
from .parts import add_volume, background, fuse, names


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
    facts = ui.fixedInfo.text.replace("\u00a0", " ")
    assert "6 × 5 × 4 voxels of 20.00 × 20.00 × 30.00 mm" in facts
    assert "Taken as MR" in facts
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


@pytest.mark.usefixtures("pair")
def test_a_doubtful_result_is_shown_with_verdict_and_reason(open_panel: OpenPanel, application: Any) -> None:
    ui = (panel := open_panel("do not use")).ui
    fuse(panel)
    assert ui.verdictLabel.visible
    assert ui.verdictLabel.text == "Do not use"
    what_to_do, reason, *_ = ui.resultLabel.text.splitlines()
    assert what_to_do.startswith("Check that both volumes show the same part of one patient")
    assert reason == "• It was made up."
    assert "Computed in " in ui.resultLabel.text
    ui.copyButton.click()
    assert application.clipboard().text().startswith("Do not use\nCheck that both volumes")
