"""The Review section under real clicks, with what the views then show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.host import desktop

from .conftest import OpenPanel

TOOLS = (
    "edgesButton",
    "fadeButton",
    "swipeButton",
    "flickerButton",
    "deformationButton",
    "layoutButton",
    "cursorButton",
)


@pytest.fixture
def panel(open_panel: OpenPanel, scene: Any) -> Any:
    from Testing.scene.review_scene import published_fusion

    opened = open_panel()
    published_fusion(scene, "pet")
    opened.enter()
    return opened


@pytest.fixture
def ui(panel: Any) -> Any:
    return panel.panel.review.ui


@pytest.fixture
def look() -> Callable[[], Any]:
    from Testing.scene.review_scene import picture

    return picture


def state_of(scene: Any) -> str:
    from Testing.scene.review_scene import state

    return state(scene)


def background(scene: Any) -> str:
    return str(scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode").GetBackgroundVolumeID())


def test_the_section_waits_for_a_fusion(open_panel: OpenPanel, scene: Any) -> None:
    from Testing.scene.review_scene import published_fusion

    opened = open_panel()
    assert not opened.panel.review.ui.reviewSection.enabled
    published_fusion(scene)
    opened.enter()
    assert opened.panel.review.ui.reviewSection.enabled
    scene.Clear()
    assert not opened.panel.review.ui.reviewSection.enabled


@pytest.mark.parametrize("name", TOOLS)
def test_one_click_begins_a_tool_and_one_leaves_it(
    ui: Any, scene: Any, look: Callable[..., Any], name: str
) -> None:
    seen, before = look(scene), state_of(scene)
    button = getattr(ui, name)
    button.click()
    assert button.checked
    assert ui.toolHint.visible
    assert state_of(scene) != before
    button.click()
    assert not button.checked
    assert state_of(scene) == before
    np.testing.assert_array_equal(look(scene), seen)


@pytest.mark.parametrize("way", ["exit", "close", "clear"])
def test_a_tool_is_left_with_the_module_and_the_scene(
    open_panel: OpenPanel, panel: Any, ui: Any, scene: Any, way: str
) -> None:
    before = state_of(scene)
    ui.deformationButton.click()
    ui.drawingCombo.currentIndex = 2
    if way == "exit":
        panel.exit()
    elif way == "close":
        open_panel.close()
    else:
        scene.Clear()
        assert panel.panel.review.tool is None
        return
    assert state_of(scene) == before


def test_a_removed_volume_ends_the_tool_and_unchecks_its_button(panel: Any, ui: Any, scene: Any) -> None:
    ui.swipeButton.click()
    scene.RemoveNode(panel.panel.review._fusion.get("aligned"))
    assert not ui.swipeButton.checked
    assert panel.panel.review.tool is None
    ui.swipeButton.click()
    assert not ui.swipeButton.checked
    assert "aligned result of this fusion is not in the scene" in ui.toolHint.text


def test_without_a_confidence_map_the_button_says_so(ui: Any) -> None:
    ui.confidenceButton.click()
    assert not ui.confidenceButton.checked
    assert "confidence map" in ui.toolHint.text


def test_the_slider_fades(ui: Any, scene: Any, look: Callable[..., Any]) -> None:
    ui.fadeButton.click()
    assert ui.toolLabel.text == "Fade:"
    pictures = []
    for percent in (0, 50, 100):
        ui.toolSlider.value = percent
        pictures.append(look(scene))
    np.testing.assert_allclose(pictures[1], (pictures[0] + pictures[2]) / 2, atol=2)
    assert np.abs(pictures[0] - pictures[2]).mean() > 5


def test_the_slider_and_the_mouse_move_the_swipe_line(ui: Any, scene: Any, look: Callable[..., Any]) -> None:
    from Testing.scene.review_scene import SIZE, is_line

    def line() -> float:
        return float(np.flatnonzero(is_line(look(scene)).all(axis=0)).mean() / SIZE[0])

    cursor = scene.AddNewNodeByClass("vtkMRMLCrosshairNode")
    ui.swipeButton.click()
    ui.toolSlider.value = 30
    assert line() == pytest.approx(0.3, abs=0.01)
    ui.mouseCheck.click()
    cursor.SetCursorPositionXYZ(
        [0.8 * (SIZE[0] - 1), 5, 0], scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    )
    assert ui.toolSlider.value == pytest.approx(80)
    assert line() == pytest.approx(0.8, abs=0.01)


def test_flicker_changes_the_picture_again_and_again(panel: Any, ui: Any, scene: Any) -> None:
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    ui.flickerButton.click()
    ui.toolSlider.value = 0.1
    seen = set()

    def both() -> bool:
        seen.add(layers.GetForegroundOpacity())
        return seen == {0.0, 1.0}

    desktop.wait_for(both)
    ui.flickerButton.click()
    assert not panel.panel.review._flicker.isActive()


def test_the_original_moving_volume_can_be_compared_too(panel: Any, ui: Any, scene: Any) -> None:
    fusion = panel.panel.review._fusion
    ui.edgesButton.click()
    assert background(scene) == fusion.get("aligned").GetID()
    ui.overCombo.currentIndex = 1
    ui.overCombo.activated(1)
    assert background(scene) == fusion.moving.GetID()
    assert ui.edgesButton.checked


def test_the_deformation_is_drawn_as_chosen(panel: Any, ui: Any, scene: Any) -> None:
    display = panel.panel.review._fusion.get("transform").GetDisplayNode()
    assert not ui.drawingSpacingSlider.visible
    ui.drawingCombo.currentIndex = 2
    assert display.GetVisibility2D()
    assert display.GetVisualizationMode() == display.VIS_MODE_GLYPH
    ui.drawYellowCheck.click()
    ui.draw3DCheck.click()
    assert display.GetViewNodeIDs() == ("vtkMRMLSliceNodeRed", "vtkMRMLSliceNodeGreen")
    ui.drawingSpacingSlider.value = 0.2
    assert ui.drawingHint.visible
    assert "zoom in" in ui.drawingHint.text
    assert ui.drawingSpacingSlider.minimum == 0.2
    ui.drawingCombo.currentIndex = 0
    assert not display.GetVisibility2D()
    assert display.GetViewNodeIDs() == ()
    assert scene.GetNodeByID(display.GetID()) is display


def color_of(panel: Any) -> Any:
    import slicer

    return slicer.util.arrayFromVolume(panel.panel.review._fusion.get("color")).copy()


def test_the_fused_picture_follows_colours_window_and_strength(panel: Any, ui: Any) -> None:
    review = panel.panel.review
    display = review._fusion.moving.GetDisplayNode()

    def painted(change: Callable[[], None]) -> Any:
        change()
        desktop.wait_for(lambda: not review.colors._timer.isActive())
        return color_of(panel)

    first = color_of(panel)
    ui.colorsCombo.currentText = "PET DICOM"
    dicom = painted(lambda: ui.colorsCombo.activated(ui.colorsCombo.currentIndex))
    assert (dicom != first).mean() > 0.1
    assert review._fusion.get("aligned").GetDisplayNode().GetColorNode().GetName() == "PET-DICOM"
    window = painted(lambda: ui.movingPresetCombo.activated(1))
    assert display.GetWindowLevelMax() == 5
    assert (window != dicom).mean() > 0.05
    elsewhere = painted(lambda: display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeOcean"))
    assert (elsewhere != window).mean() > 0.05
    assert ui.colorsCombo.currentText == "Ocean"
    grey = painted(lambda: setattr(ui.strengthSlider, "value", 0))
    assert np.ptp(grey, axis=-1).max() == 0
    ui.resetColorsButton.click()
    assert np.abs(color_of(panel).astype(int) - first).mean() < 1
    assert ui.strengthSlider.value == 100


def test_with_ct_there_is_nothing_to_colour_and_the_widgets_say_why(
    open_panel: OpenPanel, scene: Any
) -> None:
    from Testing.scene.review_scene import published_fusion

    opened = open_panel()
    published_fusion(scene, "ct")
    opened.enter()
    ui = opened.panel.review.ui
    assert not ui.strengthSlider.enabled
    assert "PET or SPECT" in ui.strengthSlider.toolTip
    assert [ui.movingPresetCombo.itemText(n) for n in (1, 5)] == [
        "Brain, 0 to 80 HU",
        "Bone, -500 to 1300 HU",
    ]


def test_a_saved_scene_can_be_reviewed_when_it_is_loaded(
    panel: Any, ui: Any, scene: Any, tmp_path: Path, look: Callable[..., Any]
) -> None:
    ui.strengthSlider.value = 40
    panel.panel.review.colors.paint()
    scene.WriteToMRB(str(tmp_path / "scene.mrb"))
    scene.Clear()
    assert not ui.reviewSection.enabled
    scene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    panel.enter()
    assert ui.reviewSection.enabled
    assert ui.strengthSlider.value == 40
    before = look(scene)
    ui.deformationButton.click()
    ui.toolSlider.value = 20
    assert np.abs(look(scene) - before).mean() > 3
    ui.deformationButton.click()


def test_of_two_fusions_the_newest_is_looked_at_and_the_other_can_be_chosen(
    panel: Any, ui: Any, scene: Any
) -> None:
    from Testing.scene.review_scene import published_fusion

    assert not ui.reviewResultCombo.visible
    first = panel.panel.review._fusion.run
    second = published_fusion(scene, "ct")
    panel.enter()
    assert panel.panel.review._fusion.run == second.run
    assert ui.reviewResultCombo.visible
    ui.reviewResultCombo.currentIndex = 0
    ui.reviewResultCombo.activated(0)
    assert panel.panel.review._fusion.run == first


@pytest.mark.usefixtures("panel")
def test_a_closed_panel_follows_nothing_any_more(open_panel: OpenPanel, scene: Any) -> None:
    from Testing.scene.review_scene import observers

    open_panel.close()
    before = observers(scene)
    reopened = OpenPanel(open_panel._stack, open_panel._monkeypatch)
    second = reopened()
    second.panel.review.ui.edgesButton.click()
    open_panel.close()
    assert observers(scene) <= before
