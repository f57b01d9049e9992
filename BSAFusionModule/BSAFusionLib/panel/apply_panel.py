"""The sections Apply to and Export: what the user picks there, carried out at once, and said in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctk
import slicer
import slicer.util
from slicer.i18n import tr as _

from ..engine.config import INTERPOLATIONS, PET_UNITS
from ..engine.errors import BSAFusionError
from ..engine.model_store import resource_path
from ..scene.carry import CarryRequest, carry, carry_problem
from ..scene.export_choice import export_problem, fusion_of
from .dicom_files import files_of

_INTERPOLATIONS = (INTERPOLATIONS[0], INTERPOLATIONS[2], INTERPOLATIONS[1])  # in the order of the combo box
_FORMATS = ((".nrrd", False), (".nii.gz", False), (".nii.gz", True), (".h5", False))


class ApplyPanel:
    """Loads BSAFusionApply.ui into a layout and connects its widgets with the scene."""

    def __init__(self, layout: Any, scene: Any) -> None:
        self._scene = scene
        self.widget = slicer.util.loadUI(str(resource_path("UI/BSAFusionApply.ui")))
        layout.addWidget(self.widget)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.widget.setMRMLScene(scene)
        self.ui.exportFolderEdit.filters = ctk.ctkPathLineEdit.Dirs
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        ui = self.ui
        for selector in (ui.applyTransformSelector, ui.applyReferenceSelector, ui.exportTransformSelector):
            selector.connect("currentNodeChanged(vtkMRMLNode*)", self._changed)
        ui.applyNodesSelector.connect("checkedNodesChanged()", self.refresh)
        ui.applyDirectionCombo.connect("currentIndexChanged(int)", self._changed)
        ui.exportFolderEdit.connect("currentPathChanged(QString)", self._changed)
        ui.applyButton.connect("clicked(bool)", self.on_apply)
        ui.exportTransformButton.connect("clicked(bool)", self.on_export_transform)
        ui.exportDicomButton.connect("clicked(bool)", self.on_export_dicom)

    def follow(self, transform: Any) -> None:
        """Choose the transform of the latest fusion."""
        self.ui.applyTransformSelector.setCurrentNode(transform)
        self.ui.exportTransformSelector.setCurrentNode(transform)

    def refresh(self) -> None:
        """Say why something cannot be done, and enable what can."""
        ui = self.ui
        reason = carry_problem(self._scene, self._request()) or ""
        ui.applyButton.enabled = not reason
        ui.applyButton.toolTip = reason or _("Make a copy of everything that is checked, in the other space.")
        _show(ui.applyReasonLabel, reason)
        transform, folder = ui.exportTransformSelector.currentNode(), ui.exportFolderEdit.currentPath
        reason = export_problem(transform, folder) or ""
        ui.exportTransformButton.enabled = not reason
        known = fusion_of(self._scene, transform) is not None
        ui.exportDicomButton.enabled = not reason and known
        if not reason and not known:
            reason = _("DICOM: the transform is not of a fusion in this scene.")
        _show(ui.exportReasonLabel, reason)

    def on_apply(self) -> None:
        """Carry over what is checked."""

        def apply() -> str:
            copies = carry(self._scene, self._request())
            names = ", ".join(self._scene.GetNodeByID(node_id).GetName() for node_id in copies)
            return str(_("Made: {names}.")).format(names=names)

        self._do(apply, self.ui.applyResultLabel)

    def on_export_transform(self) -> None:
        """Write the transform into the folder."""
        from ..scene.export import export_transform_node

        suffix, ras = _FORMATS[self.ui.exportFormatCombo.currentIndex]

        def export() -> str:
            transform = self.ui.exportTransformSelector.currentNode()
            file = export_transform_node(transform, self._folder(), suffix, ras)
            return str(_("Written: {file}.")).format(file=file)

        self._do(export, self.ui.exportResultLabel)

    def on_export_dicom(self) -> None:
        """Write the aligned volume and the fused picture as DICOM."""
        from ..scene.export import export_fusion

        units = PET_UNITS[self.ui.exportUnitsCombo.currentIndex]

        def export() -> str:
            fusion = fusion_of(self._scene, self.ui.exportTransformSelector.currentNode())
            assert fusion is not None
            written = export_fusion(fusion, self._folder(), files_of, units)
            series = ", ".join(f"{self._folder() / name} ({count})" for name, count in written.items())
            return str(_("Written, number of files in brackets: {series}.")).format(series=series)

        self._do(export, self.ui.exportResultLabel)

    def _do(self, action: Callable[[], str], label: Any) -> None:
        """Show what an action has done, or why it failed."""
        try:
            with slicer.util.WaitCursor():
                text = action()
        except BSAFusionError as error:
            text = error.message
        _show(label, text)

    def _request(self) -> CarryRequest:
        ui = self.ui
        return CarryRequest(
            _id(ui.applyTransformSelector.currentNode()),
            tuple(_id(node) for node in ui.applyNodesSelector.checkedNodes()),
            inverse=ui.applyDirectionCombo.currentIndex == 1,
            interpolation=_INTERPOLATIONS[max(0, ui.applyInterpolationCombo.currentIndex)],
            reference_id=_id(ui.applyReferenceSelector.currentNode()),
        )

    def _folder(self) -> Path:
        return Path(self.ui.exportFolderEdit.currentPath)

    def _changed(self, _value: Any) -> None:
        self.refresh()


def _show(label: Any, text: str) -> None:
    label.text, label.visible = text, bool(text)


def _id(node: Any) -> str:
    return "" if node is None else str(node.GetID())
