"""The panel's looks: narrow docks, long words, keyboards and screen readers."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.host import desktop

from .conftest import OpenPanel

NARROW = 400  # pixels; Slicer's module panel is seldom narrower
GERMAN = 1.35  # how much longer than English its labels are
NAMED = ("QComboBox", "QSpinBox", "ctkSliderWidget", "qMRMLNodeComboBox", "QPlainTextEdit", "QProgressBar")


def unfold(ui: Any) -> None:
    for widget in vars(ui).values():
        if widget.className() == "ctkCollapsibleButton":
            widget.collapsed = False
    ui.resultFrame.visible = ui.progressBar.visible = ui.progressLabel.visible = True


def resize(panel: Any, width: int) -> None:
    for _ in range(3):
        desktop.process_events()
        panel.parent.resize(width, panel.parent.layout().totalHeightForWidth(width))


def needs(widget: Any) -> int:
    """Width of a text that cannot wrap; of a button, with a margin, for styles make small ones wider."""
    if widget.className() == "QPushButton":
        return int(widget.fontMetrics().horizontalAdvance(widget.text)) + 12
    return int(widget.sizeHint.width())


def clipped(ui: Any) -> list[str]:
    texts = [w for w in vars(ui).values() if w.className() in ("QLabel", "QPushButton", "QCheckBox")]
    return [
        f"{w.name}: {w.text} needs {needs(w)} and has {w.width}"
        for w in texts
        if w.visible and not getattr(w, "wordWrap", False) and needs(w) > w.width
    ]


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("factor", [1.0, GERMAN])
def test_no_label_is_cut_off_in_a_narrow_panel(open_panel: OpenPanel, factor: float) -> None:
    panel = open_panel()
    unfold(panel.ui)
    for widget in vars(panel.ui).values():
        if widget.className() in ("QLabel", "QPushButton", "QCheckBox") and widget.text:
            widget.text += " nn" * round((factor - 1) * len(widget.text) / 3)
    resize(panel, NARROW)
    assert panel.parent.width == NARROW
    assert clipped(panel.ui) == []


def test_everything_that_is_operated_has_a_name_and_every_button_a_tooltip(open_panel: OpenPanel) -> None:
    ui = open_panel().ui
    widgets = vars(ui).values()
    assert [w.name for w in widgets if w.className() in NAMED and not w.accessibleName] == []
    buttons = [w for w in widgets if w.className() in ("QPushButton", "QCheckBox", "QComboBox")]
    assert [w.name for w in buttons if not w.toolTip and w.name != "fuseButton"] == []


def test_every_selector_lists_the_nodes_of_the_scene(open_panel: OpenPanel, scene: Any) -> None:
    selectors = [w for w in vars(open_panel().ui).values() if w.className() == "qMRMLNodeComboBox"]
    assert len(selectors) >= 10
    assert [w.name for w in selectors if w.mrmlScene() is not scene] == []


@pytest.mark.usefixtures("pair")
def test_the_tabulator_goes_from_top_to_bottom(open_panel: OpenPanel) -> None:
    panel = open_panel()
    unfold(panel.ui)
    resize(panel, 460)
    names = [
        "fixedSelector",
        "fixedModalityCombo",
        "fixedWindowCombo",
        "swapButton",
        "movingSelector",
        "movingModalityCombo",
        "movingWindowCombo",
        "alignmentCombo",
        "fusedCheck",
        "qualitySelector",
        "fuseButton",
        "showFusedButton",
        "gridCheck",
        "logText",
        "selfCheckButton",
    ]
    chain, widget = [], panel.ui.fixedSelector
    for _ in range(300):
        chain.append(widget.objectName)
        widget = widget.nextInFocusChain()
    assert [name for name in dict.fromkeys(chain) if name in names] == names
