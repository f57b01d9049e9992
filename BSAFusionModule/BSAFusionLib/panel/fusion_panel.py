"""The panel's widgets: user's wishes to the controller, what it says back to the eye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer

from ..app.controller import FusionController
from ..app.inspection import Inspector, suggest
from ..app.presentation import present
from ..app.view import Outcome, State, Tone
from ..app.worker_client import WorkerClient
from ..app.worker_command import worker_command, worker_environment
from ..scene.display import fit, show_volume
from ..scene.grid_display import draw_grid, grid_spacing_mm
from .installer import SlicerInstaller
from .parameters import GRID_SPACING_MM, choose, keep_published, request, swap
from .qt_process import QtProcess, QtScheduler
from .report_button import ReportButton
from .review_panel import ReviewPanel
from .settings_link import SettingsLink

_EDITORS = ("inputsSection", "optionsSection", "advancedSection", "referenceSection", "outputsSection")
_ICONS = {
    Tone.GOOD: "SP_DialogApplyButton",
    Tone.CHECK: "SP_MessageBoxWarning",
    Tone.DO_NOT_USE: "SP_MessageBoxCritical",
    Tone.FAILED: "SP_MessageBoxCritical",
    Tone.NOTE: "SP_MessageBoxInformation",
}
_SHOWN = {
    "showFusedButton": ("color_node", "fused_node"),
    "showFixedButton": ("fixed_volume",),
    "showMovingButton": ("moving_volume",),
    "showAlignedButton": ("aligned_node",),
}


class FusionPanel:
    """Connects the widgets of BSAFusion.ui with a controller, whose view it is.

    ui: the widgets by name. scene: the MRML scene of the module.
    """

    def __init__(self, ui: Any, scene: Any) -> None:
        self.ui = ui
        self._scene = scene
        self._parameters: Any = None
        self._closed = False
        self._inspector = Inspector(scene)
        worker = WorkerClient(QtProcess, worker_command(), worker_environment())
        self.controller = FusionController(scene, self, worker, SlicerInstaller(), QtScheduler())
        self._link = SettingsLink(ui, self.refresh)
        self.on_transform: Callable[[Any], None] | None = None
        """Told of the transform that a fusion has made."""
        self._report = ReportButton(ui.reportButton, self._say)
        self.review = ReviewPanel(ui.showSection, scene)
        self._connect()

    def _connect(self) -> None:
        ui = self.ui
        ui.fuseButton.connect("clicked(bool)", self.on_fuse)
        ui.swapButton.connect("clicked(bool)", self.on_swap)
        ui.selfCheckButton.connect("clicked(bool)", self.on_self_check)
        ui.detailsButton.connect("toggled(bool)", ui.detailsText.setVisible)
        ui.copyButton.connect("clicked(bool)", self.on_copy)
        ui.copyLogButton.connect("clicked(bool)", self.on_copy_log)
        ui.fitButton.connect("clicked(bool)", self.on_fit)
        for name in _SHOWN:
            getattr(ui, name).connect("clicked(bool)", lambda _checked, name=name: self.on_show(name))
        for name in ("gridCheck", "gridColorCheck"):
            getattr(ui, name).connect("clicked(bool)", self.draw_grid)
        ui.gridSpacingSlider.connect("valueChanged(double)", self.draw_grid)

    def close_layout(self, layout: Any) -> None:
        """Put the log below all other sections, and what room is left below that."""
        side = slicer.app.style().pixelMetric(qt.QStyle.PM_LayoutLeftMargin)
        row = qt.QVBoxLayout()
        row.setContentsMargins(side, 0, side, 0)  # as the other sections have
        row.addWidget(self.ui.logSection)
        layout.addLayout(row)
        layout.addStretch(1)

    def set_parameters(self, parameters: Any) -> None:
        """Take up the settings of the scene as it is now, or None while it is being closed."""
        self._parameters = parameters
        if parameters is not None:
            self._link.bind(parameters)
            if not (parameters.fixed_volume or parameters.moving_volume):
                self._suggest()
        self.refresh()

    def _suggest(self) -> None:
        suggested = suggest(self._scene, self._inspector)
        if suggested is not None:
            choose(self._parameters, *suggested)

    def close(self) -> None:
        """End the run and the worker, once: the application may ask again when the widgets are gone."""
        if self._closed:
            return
        self._closed, self._parameters = True, None
        self._link.bind(None)
        self.review.close()
        self.controller.close()

    def refresh(self) -> None:
        """Show what the settings mean and what can be done."""
        if self._parameters is None:
            return
        controller, wish = self.controller, request(self._parameters)
        shown = present(self._scene, self._inspector, wish, controller.state, controller.devices)
        ui = self.ui
        ui.fuseButton.text = shown.button
        ui.fuseButton.enabled = shown.button_enabled
        ui.fuseButton.toolTip = shown.reason
        for label, text in (
            (ui.reasonLabel, shown.reason),
            (ui.fixedInfo, shown.fixed),
            (ui.movingInfo, shown.moving),
            (ui.pairInfo, shown.pair),
            (ui.deviceInfo, shown.device),
        ):
            label.text, label.visible = text, bool(text)
        for name in _EDITORS:
            getattr(ui, name).enabled = shown.editable
        ui.selfCheckButton.enabled = shown.editable
        for name, nodes in _SHOWN.items():
            getattr(ui, name).enabled = any(getattr(self._parameters, node) for node in nodes)
        ui.fitButton.enabled = self._parameters.fixed_volume is not None
        for name in ("gridCheck", "gridSpacingSlider", "gridColorCheck"):
            getattr(ui, name).enabled = self._parameters.transform_node is not None
        self.review.refresh()

    def on_fuse(self) -> None:
        """Start, or cancel what is running."""
        if self.controller.state.is_busy:
            self.controller.cancel()
        else:
            self._clear()
            self.review.leave()
            self.controller.start(request(self._parameters))

    def on_self_check(self) -> None:
        """Start a self-check."""
        self._clear()
        self.controller.self_check()

    def on_swap(self) -> None:
        """Exchange fixed and moving."""
        with slicer.util.NodeModify(self._parameters):
            swap(self._parameters)

    def on_show(self, button: str) -> None:
        """Put the volume that a button stands for into the views, which stay where they are."""
        self.review.leave()
        nodes = [getattr(self._parameters, name) for name in _SHOWN[button]]
        show_volume(self._scene, next(node for node in nodes if node is not None).GetID())

    def on_fit(self) -> None:
        """Show the whole fixed volume, and so all results, in the views."""
        fit(self._scene, self._parameters.fixed_volume.GetID())

    def draw_grid(self) -> None:
        """Draw the deformation as the settings say."""
        transform = self._parameters.transform_node if self._parameters is not None else None
        if transform is not None and transform.GetDisplayNode() is not None:
            ui = self.ui
            shown = (ui.gridCheck.checked, ui.gridSpacingSlider.value, ui.gridColorCheck.checked)
            draw_grid(self._scene, transform.GetID(), *shown)

    def on_copy(self) -> None:
        """Copy the message and its details."""
        slicer.app.clipboard().setText(f"{self._result()}\n\n{self.ui.detailsText.plainText}".strip())

    def _result(self) -> str:
        return f"{self.ui.verdictLabel.text}\n{self.ui.resultLabel.text}".strip()

    def on_copy_log(self) -> None:
        """Copy the log."""
        slicer.app.clipboard().setText(self.ui.logText.plainText)

    def show_state(self, state: State) -> None:
        """Show progress while something runs."""
        self.ui.progressBar.visible = state.is_busy
        self.ui.progressLabel.visible = state.is_busy
        self.refresh()

    def show_progress(self, text: str, fraction: float | None) -> None:
        """Move the bar; without a fraction it only shows that something goes on."""
        self.ui.progressLabel.text = text
        self.ui.progressBar.maximum = 0 if fraction is None else 1000
        self.ui.progressBar.value = 0 if fraction is None else round(1000 * fraction)

    def show_log(self, text: str) -> None:
        """Add one line to the log."""
        self.ui.logText.appendPlainText(text)

    def show_outcome(self, outcome: Outcome) -> None:
        """Say in place how a run has ended."""
        icon = getattr(qt.QStyle, _ICONS[outcome.tone])
        self.ui.resultIcon.pixmap = slicer.app.style().standardIcon(icon).pixmap(20, 20)
        self.ui.verdictLabel.text = outcome.title
        self.ui.verdictLabel.visible = bool(outcome.title)
        self.ui.resultLabel.text = outcome.message
        self.ui.detailsText.plainText = outcome.details
        self.ui.detailsButton.visible = bool(outcome.details)
        self._report.take(outcome.page)
        self.ui.resultFrame.visible = True
        self.show_log(self._result())
        if outcome.published is not None and self._parameters is not None:
            with slicer.util.NodeModify(self._parameters):
                keep_published(self._parameters, outcome.published)
                self._take_grid_spacing()
            if self.on_transform is not None and outcome.published.transform:
                self.on_transform(self._scene.GetNodeByID(outcome.published.transform))

    def _say(self, sentence: str) -> None:
        """Add a sentence to the result."""
        self.ui.resultLabel.text = f"{self.ui.resultLabel.text}\n{sentence}".strip()

    def _take_grid_spacing(self) -> None:
        """Start from the spacing that suits the new deformation."""
        if self._parameters.transform_node is not None:
            wanted = grid_spacing_mm(self._scene, self._parameters.transform_node.GetID())
            least, most = GRID_SPACING_MM
            self._parameters.grid_spacing = min(max(wanted, least), most)
            self.draw_grid()

    def _clear(self) -> None:
        self.ui.resultFrame.visible = False
        self.ui.detailsButton.checked = False
        self.ui.logText.clear()
