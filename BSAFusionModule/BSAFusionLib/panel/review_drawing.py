"""The widgets that say how the deformation is drawn."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..scene.fusion_nodes import FusionNodes
from ..scene.review import Review
from ..scene.review_deformation import ARROWS, CONTOURS, GRID, DeformationDrawing, Drawing, view_ids

_MODES = ("", GRID, ARROWS, CONTOURS)
_VIEWS = ("Red", "Yellow", "Green", "3D")


class ReviewDrawing:
    """Draws the deformation as the widgets say; ui: the widgets by name."""

    def __init__(self, ui: Any, scene: Any) -> None:
        self.ui = ui
        self._scene = scene
        self._fusion: FusionNodes | None = None
        self._review = Review(scene, self._show_left)
        ui.drawingCombo.connect("currentIndexChanged(int)", self.draw)
        ui.drawingColorCheck.connect("toggled(bool)", self.draw)
        ui.drawingSpacingSlider.connect("valueChanged(double)", self.draw)
        for name in _VIEWS:
            getattr(ui, f"draw{name}Check").connect("toggled(bool)", self.draw)
        self._show_left()

    def take(self, fusion: FusionNodes | None) -> None:
        """Draw another fusion's deformation from now on."""
        self.leave()
        self._fusion = fusion
        there = fusion is not None and fusion.get("transform") is not None and fusion.fixed is not None
        self.ui.drawingCombo.enabled = there

    def draw(self) -> None:
        """Draw as the widgets say now, or not at all."""
        drawing = self._drawing()
        if drawing is None or self._fusion is None:
            self._review.leave()
        elif isinstance(self._review.tool, DeformationDrawing):
            self._review.tool.draw(drawing)
        else:
            fusion = self._fusion
            self._review.begin(lambda: DeformationDrawing(self._scene, fusion, drawing))
        self._show()

    def leave(self) -> None:
        """Draw nothing more."""
        self._review.leave()
        self._show_left()

    def close(self) -> None:
        """Leave, for good."""
        self.leave()
        self._review.close()

    def _drawing(self) -> Drawing | None:
        ui = self.ui
        mode = _MODES[ui.drawingCombo.currentIndex]
        names = [name for name in _VIEWS if getattr(ui, f"draw{name}Check").checked]
        if not mode or not names:
            return None
        views = () if len(names) == len(_VIEWS) else view_ids(self._scene, names)
        return Drawing(mode, ui.drawingSpacingSlider.value, ui.drawingColorCheck.checked, views)

    def _show(self) -> None:
        ui, tool = self.ui, self._review.tool
        wanted = ui.drawingSpacingSlider.value
        drawn = tool.spacing_mm if isinstance(tool, DeformationDrawing) else wanted
        ui.drawingHint.text = _("Drawn every {mm:g} mm: zoom in to see more.").format(mm=drawn)
        ui.drawingHint.visible = drawn > wanted
        for name in ("drawingColorCheck", "drawingSpacingSlider", "drawingSpacingLabel", "drawingViewsLabel"):
            getattr(ui, name).visible = ui.drawingCombo.currentIndex > 0
        for name in _VIEWS:
            getattr(ui, f"draw{name}Check").visible = ui.drawingCombo.currentIndex > 0

    def _show_left(self) -> None:
        combo = self.ui.drawingCombo
        blocked = combo.blockSignals(True)
        combo.currentIndex = 0
        combo.blockSignals(blocked)
        self._show()
