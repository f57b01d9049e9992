"""Windows and colours that are usual for a modality."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from ..engine.intensity import CT_WINDOWS, resolve_window
from .read import view_volume

PET, TABLE = "vtkMRMLPETProceduralColorNode", "vtkMRMLColorTableNode"


@dataclass(frozen=True)
class Window:
    """A preset by name: limits in the volume's unit, or the rule of engine.intensity that finds them."""

    name: str
    limits: tuple[float, float] | None = None
    rule: str = ""


WINDOWS = {
    "ct": (
        Window("Brain, 0 to 80 HU", CT_WINDOWS["brain"]),
        Window("Stroke, 20 to 60 HU", (20.0, 60.0)),
        Window("Subdural, -32 to 182 HU", (-32.0, 182.0)),
        Window("Soft tissue, -160 to 240 HU", CT_WINDOWS["soft-tissue"]),
        Window("Bone, -500 to 1300 HU", CT_WINDOWS["bone"]),
        Window("Lung, -1350 to 150 HU", (-1350.0, 150.0)),
    ),
    "mr": (
        Window("Without the extremes", rule="percentile"),
        Window("Full range", rule="full"),
    ),
    "pet": (
        Window("SUV 0 to 5", (0.0, 5.0)),
        Window("SUV 0 to 10", (0.0, 10.0)),
        Window("SUV 0 to 20", (0.0, 20.0)),
        Window("Percent of maximum", rule="percent-of-maximum"),
    ),
    "spect": (
        Window("Percent of maximum", rule="percent-of-maximum"),
        Window("Without the extremes", rule="percentile"),
    ),
}

COLORS = {
    "Grey": TABLE + "Grey",
    "PET heat": PET + "PET-Heat",
    "PET rainbow": PET + "PET-Rainbow2",
    "PET DICOM": PET + "PET-DICOM",
    "Hot metal blue": PET + "PET-HotMetalBlue",
    "Inverted grey (PET)": PET + "PET-MaximumIntensityProjection",
    "Iron": TABLE + "Iron",
    "Rainbow": TABLE + "Rainbow",
    "Warm": TABLE + "Warm1",
    "Cool": TABLE + "Cool1",
}
"""Colour nodes that Slicer always has, by what they are called here."""


def windows(modality: str) -> tuple[Window, ...]:
    """The presets of a modality: mr, ct, pet or spect; of MR for any other."""
    return WINDOWS.get(modality, WINDOWS["mr"])


def apply_window_preset(
    window: Window, modality: str, volume: slicer.vtkMRMLScalarVolumeNode, *others: slicer.vtkMRMLVolumeNode
) -> tuple[float, float]:
    """Show a volume, and others of the same unit, in a window; returns its limits.

    Raises InputError where the volume has no contrast in it.
    """
    limits = window.limits or resolve_window(view_volume(volume, "chosen"), modality, window.rule)
    for node in (volume, *others):
        display = _display(node)
        changing = display.StartModify()
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(*limits)
        display.EndModify(changing)
    return limits


def apply_colors(color_id: str, *volumes: slicer.vtkMRMLVolumeNode) -> None:
    """Show volumes in the colours of a node, by id."""
    for node in volumes:
        _display(node).SetAndObserveColorNodeID(color_id)


def _display(volume: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLVolumeDisplayNode:
    if volume.GetDisplayNode() is None:
        volume.CreateDefaultDisplayNodes()
    return volume.GetDisplayNode()
