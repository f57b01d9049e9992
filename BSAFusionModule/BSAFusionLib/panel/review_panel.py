"""The Review section: one click per tool, and a click to leave it."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from ..engine.errors import BSAFusionError
from ..engine.model_store import resource_path
from ..scene.fusion_nodes import FusionNodes, find_fusions
from ..scene.review import Review
from ..scene.review_compare import Deformation, Fade, Swipe
from ..scene.review_cursor import LinkedCursor
from ..scene.review_layout import BeforeAfterFused
from ..scene.review_tool import ALIGNED, ORIGINAL
from .review_colors import ReviewColors
from .review_drawing import ReviewDrawing
from .review_tools import BUTTONS, Choice

_EDGE_DETAIL = 0.5


class ReviewPanel:
    """Places the section below another one and connects its widgets with the scene's review tools.

    above: the section it follows. scene: the MRML scene of the module.
    """

    def __init__(self, above: Any, scene: Any) -> None:
        widget = slicer.util.loadUI(str(resource_path("UI/BSAFusionReview.ui")))
        layout = above.parentWidget().layout()
        layout.insertWidget(layout.indexOf(above) + 1, widget)
        self.ui = ui = slicer.util.childWidgetVariables(widget)
        self._scene = scene
        self._fusions: list[FusionNodes] = []
        self._fusion: FusionNodes | None = None
        self._active = ""
        self._values = {name: button.slider.value for name, button in BUTTONS.items() if button.slider}
        self._filling = False
        self._review = Review(scene, self._show_left)
        self._flicker = qt.QTimer()
        self.colors = ReviewColors(ui)
        self.drawing = ReviewDrawing(ui, scene)
        self._connect()
        self._show_left()

    @property
    def tool(self) -> Any:
        """The present tool, None without one."""
        return self._review.tool

    def _connect(self) -> None:
        ui = self.ui
        for name in BUTTONS:
            getattr(ui, name).connect("clicked(bool)", lambda checked, name=name: self.on_tool(name, checked))
        ui.toolSlider.connect("valueChanged(double)", self._on_slider)
        ui.overCombo.connect("activated(int)", self._on_over)
        ui.mouseCheck.connect("toggled(bool)", self._restart)
        ui.linesCheck.connect("toggled(bool)", self._on_lines)
        ui.reviewResultCombo.connect("activated(int)", self._on_result)
        self._flicker.connect("timeout()", self._on_flicker)

    def refresh(self) -> None:
        """Take up the fusions that the scene holds now; a new one is looked at first."""
        known = {fusion.run for fusion in self._fusions}
        found = find_fusions(self._scene)
        new = [fusion for fusion in found if fusion.run not in known]
        run = self._fusion.run if self._fusion is not None else ""
        same = [fusion for fusion in found if fusion.run == run]
        self._fusions = found
        chosen = (new or same or found or [None])[-1]  # type: ignore[list-item]
        if chosen is None or chosen.run != run or _differs(chosen, self._fusion):
            self._take(chosen)
        self._list_results()
        self.ui.reviewSection.enabled = self._fusion is not None

    def leave(self) -> None:
        """Leave the present tool and the drawing."""
        self._review.leave()
        self.drawing.leave()
        self._show_left()

    def close(self) -> None:
        """Leave everything, for good."""
        self.leave()
        self._review.close()
        self.drawing.close()
        self.colors.close()

    def on_tool(self, name: str, wanted: bool) -> None:
        """Begin a tool, or leave it."""
        self._review.leave()
        self._show_left()
        if wanted and self._fusion is not None:
            self._begin(name, self._fusion)

    def _begin(self, name: str, fusion: FusionNodes) -> None:
        button = BUTTONS[name]
        try:
            tool: Any = self._review.begin(lambda: button.make(self._scene, fusion, self._choice(name)))
        except BSAFusionError as error:
            self.ui.toolHint.text, self.ui.toolHint.visible = error.message, True
            return
        self._show_tool(name)
        if isinstance(tool, Swipe) and self.ui.mouseCheck.checked:
            self._follow_mouse(tool)
        if name == "flickerButton":
            self._flicker.start(round(1000 * self._values[name]))
        if isinstance(tool, BeforeAfterFused | LinkedCursor):
            qt.QTimer.singleShot(0, self._fit)  # new views get their size first

    def _choice(self, name: str) -> Choice:
        over = ORIGINAL if self.ui.overCombo.currentIndex == 1 else ALIGNED
        return Choice(over, self._values.get(name, 0.0), self.ui.linesCheck.checked)

    def _fit(self) -> None:
        tool = self._review.tool
        if isinstance(tool, BeforeAfterFused | LinkedCursor):
            tool.fit()

    def _follow_mouse(self, tool: Swipe) -> None:
        cursor = self._scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if cursor is not None:
            tool.follow(cursor, lambda at: self.ui.toolSlider.setValue(100 * at))

    def _on_flicker(self) -> None:
        tool = self._review.tool
        if isinstance(tool, Fade):
            tool.set_share(0.0 if tool.share > 0 else 1.0)

    def _on_slider(self, value: float) -> None:
        if self._filling or not self._active:
            return
        self._values[self._active] = value
        slider = BUTTONS[self._active].slider
        if slider is not None and slider.move is not None:
            slider.move(self._review.tool, value)
        elif self._active == "flickerButton":
            self._flicker.start(round(1000 * value))

    def _on_over(self) -> None:
        if self._active and BUTTONS[self._active].compares:
            self._restart()

    def _on_lines(self, lines: bool) -> None:
        if isinstance(self._review.tool, Deformation):
            self._review.tool.set_lines(lines, _EDGE_DETAIL)

    def _restart(self) -> None:
        if self._active:
            self.on_tool(self._active, True)

    def _on_result(self, index: int) -> None:
        self._take(self._fusions[index])

    def _take(self, fusion: FusionNodes | None) -> None:
        """Look at another fusion."""
        self.leave()
        self._fusion = fusion
        self.colors.take(fusion)
        self.drawing.take(fusion)

    def _list_results(self) -> None:
        combo = self.ui.reviewResultCombo
        combo.clear()
        for fusion in self._fusions:
            picture = fusion.get("fused") or next(iter(fusion.results.values()))
            combo.addItem(picture.GetName())
        if self._fusion is not None:
            combo.currentIndex = [fusion.run for fusion in self._fusions].index(self._fusion.run)
        combo.visible = self.ui.reviewResultLabel.visible = len(self._fusions) > 1

    def _show_tool(self, name: str) -> None:
        """Let the widgets serve a tool."""
        ui, button = self.ui, BUTTONS[name]
        self._active = name
        getattr(ui, name).checked = True
        ui.toolHint.text, ui.toolHint.visible = button.hint, True
        slider = button.slider
        ui.toolSlider.visible = ui.toolLabel.visible = slider is not None
        ui.mouseCheck.visible = name == "swipeButton"
        ui.linesCheck.visible = name == "deformationButton"
        if slider is not None:
            self._filling = True
            ui.toolLabel.text = slider.label
            widget = ui.toolSlider
            widget.decimals, widget.suffix = slider.decimals, slider.suffix
            widget.singleStep = slider.step
            widget.minimum, widget.maximum = slider.minimum, slider.maximum
            widget.value = self._values[name]
            self._filling = False

    def _show_left(self) -> None:
        """Let the widgets say that there is no tool."""
        ui = self.ui
        self._flicker.stop()
        self._active = ""
        for name in BUTTONS:
            getattr(ui, name).checked = False
        for widget in (ui.toolHint, ui.toolSlider, ui.toolLabel, ui.mouseCheck, ui.linesCheck):
            widget.visible = False


def _differs(fusion: FusionNodes, other: FusionNodes | None) -> bool:
    """Whether nodes have come or gone."""
    return other is None or list(fusion.nodes()) != list(other.nodes())
