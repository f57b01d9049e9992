"""The stand-in desktop itself: it runs a stock module and refuses what PythonQt would not know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.host import desktop

TEMPLATE = Path(desktop.__file__).parent / "template" / "Threshold.py"


def add_volume(scene: Any, name: str) -> Any:
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    return node


@pytest.fixture
def panel(scene: Any) -> Iterator[Any]:
    add_volume(scene, "head")
    with desktop.opened(desktop.load_module(TEMPLATE)) as widget:
        yield widget


def test_a_stock_module_runs_and_computes(panel: Any, scene: Any) -> None:
    import slicer

    assert panel.ui.inputSelector.currentNode().GetName() == "head"
    assert not panel.ui.applyButton.enabled
    panel.ui.outputSelector.setCurrentNode(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "out"))
    panel.ui.thresholdSlider.value = 5
    assert panel.ui.applyButton.enabled
    panel.ui.applyButton.click()
    result = slicer.util.arrayFromVolume(slicer.util.getNode("out"))
    assert result.ravel().tolist() == [0, 1, 2, 3, 4] + [0] * 19


def test_settings_are_shown_kept_and_survive_a_closed_scene(panel: Any, scene: Any) -> None:
    panel._parameterNode.threshold = 42.0
    assert panel.ui.thresholdSlider.value == 42.0
    panel.ui.invertCheckBox.checked = True
    assert panel._parameterNode.parameterNode.GetParameter("invert") == "True"
    scene.Clear()
    assert panel._parameterNode.threshold == 100
    assert panel.ui.inputSelector.currentNode() is None


def test_what_a_widget_does_not_have_is_refused(panel: Any) -> None:
    button, selector = panel.ui.applyButton, panel.ui.inputSelector
    with pytest.raises(AttributeError, match="has no attribute enable"):
        button.enable = False
    with pytest.raises(AttributeError, match="has no attribute setEnable"):
        button.setEnable(True)
    with pytest.raises(ValueError, match="has no signal"):
        button.connect("clickd(bool)", print)
    with pytest.raises(AttributeError, match="does not accept"):
        button.enabled = selector
    with pytest.raises(TypeError, match="not callable"):
        button.text()
    with pytest.raises(AttributeError):
        selector.currentNodes()


def test_a_parameter_refuses_values_of_another_type_or_out_of_range(panel: Any) -> None:
    with pytest.raises(ValueError, match="not within"):
        panel._parameterNode.threshold = 501.0
    with pytest.raises(TypeError, match="takes bool"):
        panel._parameterNode.invert = "yes"


def test_a_selector_lists_scalar_volumes_only_and_follows_the_scene(panel: Any, scene: Any) -> None:
    selector = panel.ui.inputSelector
    scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    second = add_volume(scene, "second")
    assert selector.nodeCount() == 2
    selector.setCurrentNode(second)
    scene.RemoveNode(second)
    assert selector.currentNode().GetName() == "head"


def test_a_closed_panel_leaves_no_observer_on_the_scene(scene: Any) -> None:
    entry = desktop.load_module(TEMPLATE)
    before = str(scene).count("vtkObserver")
    with desktop.opened(entry):
        assert str(scene).count("vtkObserver") > before
    assert str(scene).count("vtkObserver") == before
    add_volume(scene, "after")


def test_an_exception_in_a_slot_fails_the_test(panel: Any) -> None:
    panel.ui.applyButton.connect("pressed()", lambda: 1 / 0)
    panel.ui.applyButton.pressed()
    with pytest.raises(ZeroDivisionError):
        desktop.clear()


def test_the_self_test_and_the_sample_data_are_registered(application: Any) -> None:
    import slicer

    desktop.load_module(TEMPLATE)
    application.startupCompleted()
    slicer.selfTests["Threshold"]()
    assert [s.sampleName for s in slicer.modules.sampleDataSources["Threshold"]] == ["Threshold1"]
