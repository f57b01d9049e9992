"""The widgets for windows and colours; the fused picture follows them."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from ..engine.errors import BSAFusionError
from ..scene.fusion_nodes import FusionNodes
from ..scene.palette import shown_colors_key
from ..scene.presets import COLORS, apply_colors, apply_window_preset, windows
from ..scene.recolor import Recolor

_PAUSE_MS = 30  # while a slider moves, only where it rests is painted


class ReviewColors:
    """Shows volumes in usual windows and colours, the fused picture alike; ui: the widgets by name."""

    def __init__(self, ui: Any) -> None:
        self.ui = ui
        self._fusion: FusionNodes | None = None
        self._recolor: Recolor | None = None
        self._observed: tuple[Any, int] | None = None
        self._key: tuple[object, ...] = ()
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self.paint)
        ui.fixedPresetCombo.connect("activated(int)", lambda index: self._on_window("fixed", index))
        ui.movingPresetCombo.connect("activated(int)", lambda index: self._on_window("moving", index))
        ui.colorsCombo.connect("activated(int)", self._on_colors)
        ui.strengthSlider.connect("valueChanged(double)", self._on_strength)
        ui.resetColorsButton.connect("clicked(bool)", self._on_reset)

    def take(self, fusion: FusionNodes | None) -> None:
        """Serve another fusion from now on."""
        self._stop()
        self._fusion = fusion
        self._recolor = Recolor(fusion) if fusion is not None else None
        problem = self._recolor.problem if self._recolor is not None else ""
        for widget in (self.ui.strengthSlider, self.ui.resetColorsButton):
            widget.enabled = self._recolor is not None and not problem
            widget.toolTip = problem or _("How strong the colours of the fused picture are: 0 is grey.")
        if fusion is None or self._recolor is None:
            return
        for side in ("fixed", "moving"):
            self._list_windows(side)
        self._set_strength(100 * self._recolor.strength)
        self._follow(self._recolor.tracer)
        self._list_colors()

    def close(self) -> None:
        """Follow no volume any more."""
        self._stop()
        self._fusion = self._recolor = None

    def paint(self) -> None:
        """Colour the fused picture as its tracer is shown now."""
        self._timer.stop()
        if self._recolor is not None and not self._recolor.problem:
            self._recolor.apply(self.ui.strengthSlider.value / 100)

    def _stop(self) -> None:
        self._timer.stop()
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
            self._observed = None

    def _follow(self, tracer: Any) -> None:
        """Notice when the volume that gives the colours is shown otherwise, also by other modules."""
        if tracer is None or tracer.GetDisplayNode() is None:
            return
        self._key = shown_colors_key(tracer)
        display = tracer.GetDisplayNode()
        self._observed = (display, display.AddObserver("ModifiedEvent", self._on_display))

    def _on_display(self, _display: Any, _event: str) -> None:
        tracer = self._recolor.tracer if self._recolor is not None else None
        if tracer is None or tracer.GetDisplayNode() is None:
            return
        key = shown_colors_key(tracer)
        if key != self._key:
            self._key = key
            self._list_colors()
            self._timer.start(_PAUSE_MS)

    def _modality(self, side: str) -> str:
        assert self._fusion is not None
        return str(self._fusion.inputs.get(side, {}).get("modality", "mr"))

    def _list_windows(self, side: str) -> None:
        combo = getattr(self.ui, f"{side}PresetCombo")
        combo.clear()
        combo.addItem(_("As it is"))
        for window in windows(self._modality(side)):
            combo.addItem(_(window.name))
        combo.enabled = getattr(self._fusion, side) is not None

    def _list_colors(self) -> None:
        """List the usual colours, and first the present ones where they are others."""
        combo, moving = self.ui.colorsCombo, self._fusion.moving if self._fusion else None
        display = moving.GetDisplayNode() if moving is not None else None
        present = display.GetColorNode() if display is not None else None
        combo.clear()
        for name in COLORS:
            combo.addItem(_(name))
        ids = list(COLORS.values())
        if present is not None and present.GetID() not in ids:
            combo.addItem(present.GetName())
            ids.append(present.GetID())
        combo.currentIndex = ids.index(present.GetID()) if present is not None else -1
        combo.enabled = display is not None

    def _on_window(self, side: str, index: int) -> None:
        if index == 0 or self._fusion is None:
            return
        volume = getattr(self._fusion, side)
        aligned = self._fusion.get("aligned")
        others = [aligned] if side == "moving" and aligned is not None else []
        modality = self._modality(side)
        try:
            apply_window_preset(windows(modality)[index - 1], modality, volume, *others)
        except BSAFusionError as error:
            self.ui.toolHint.text, self.ui.toolHint.visible = error.message, True

    def _on_colors(self, index: int) -> None:
        ids = list(COLORS.values())
        if self._fusion is None or index >= len(ids):
            return
        nodes = [self._fusion.moving, self._fusion.get("aligned")]
        apply_colors(ids[index], *[node for node in nodes if node is not None])

    def _on_strength(self) -> None:
        self._timer.start(_PAUSE_MS)

    def _set_strength(self, percent: float) -> None:
        blocked = self.ui.strengthSlider.blockSignals(True)
        self.ui.strengthSlider.value = percent
        self.ui.strengthSlider.blockSignals(blocked)

    def _on_reset(self) -> None:
        self._timer.stop()
        if self._recolor is not None:
            self._recolor.reset()
            self._set_strength(100.0)
