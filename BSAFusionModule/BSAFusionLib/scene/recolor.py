"""The fused volume in the colours, the window and the strength that the user wants."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy

from ..engine.color import AUTOMATIC, colorize
from ..engine.recolor import recolor, to_levels
from .fusion_nodes import PREFIX, FusionNodes
from .palette import LEVELS, palette, window_limits
from .vtk_bridge import voxels

_STRENGTH = PREFIX + "Strength"


class Recolor:
    """Colours a fusion's picture anew, in the same node; the network is not asked.

    Brightness stays the fused value. The colours are those in which the tracer's volume is shown: of the
    moving one, or of the fixed one where that is the PET or SPECT.
    """

    def __init__(self, fusion: FusionNodes) -> None:
        self._fusion = fusion
        side = _tracer_side(fusion)
        self.tracer: Any = fusion.moving if side == "moving" else fusion.fixed
        self._values: Any = fusion.get("aligned") if side == "moving" else fusion.fixed
        self._modality = fusion.inputs.get(side, {}).get("modality", "pet")
        self._published_window = fusion.inputs.get(side, {}).get("window")
        self._fused: tuple[int, NDArray[np.uint8]] | None = None
        self._levels: tuple[tuple[object, ...], NDArray[np.uint8]] | None = None

    @property
    def problem(self) -> str | None:
        """Why this fusion cannot be coloured, in one sentence, or None."""
        if self._fusion.get("color") is None or self._fusion.get("fused") is None:
            return "Only a fusion with PET or SPECT has a picture in colour, and its grey one is needed too."
        if self._values is None or self.tracer is None:
            return "The volume that gives the colours is not in the scene."
        if self._values.GetImageData().GetDimensions() != self._picture().GetDimensions():
            return "The volume that gives the colours has been changed since the fusion."
        return None

    @property
    def strength(self) -> float:
        """How strong the colours are now, also after the scene was saved and loaded."""
        color = self._fusion.get("color")
        return float((color.GetAttribute(_STRENGTH) if color is not None else None) or 1.0)

    def apply(self, strength: float) -> None:
        """Colour as the tracer's volume is shown now; strength from 0, grey, to 1."""
        display = self.tracer.GetDisplayNode()
        shades = palette(None if display is None else display.GetColorNode())
        self._paint(window_limits(self.tracer), shades, strength)

    def reset(self) -> None:
        """Colour as the fusion did by default."""
        shades = np.linspace(0, 1, LEVELS, dtype=np.float32)
        colors = np.rint(255 * colorize(shades, AUTOMATIC[self._modality])).astype(np.uint8)
        low, high = self._published_window or window_limits(self.tracer)
        self._paint((low, high), colors, 1.0)

    def _paint(self, limits: tuple[float, float], shades: NDArray[np.uint8], strength: float) -> None:
        image = self._picture()
        columns, rows, slices = image.GetDimensions()
        out = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(slices, rows, columns, 3)
        recolor(self._fused_levels(), self._tracer_levels(limits), shades, strength, out)
        color: Any = self._fusion.get("color")
        color.SetAttribute(_STRENGTH, f"{strength:g}")
        image.GetPointData().GetScalars().Modified()
        image.Modified()

    def _picture(self) -> vtk.vtkImageData:
        color: Any = self._fusion.get("color")
        return color.GetImageData()

    def _fused_levels(self) -> NDArray[np.uint8]:
        fused: Any = self._fusion.get("fused")
        image = fused.GetImageData()
        if self._fused is None or self._fused[0] != image.GetMTime():
            self._fused = (image.GetMTime(), to_levels(voxels(image), (0.0, 1.0)))
        return self._fused[1]

    def _tracer_levels(self, limits: tuple[float, float]) -> NDArray[np.uint8]:
        image = self._values.GetImageData()
        key = (image.GetMTime(), *limits)
        if self._levels is None or self._levels[0] != key:
            self._levels = (key, to_levels(voxels(image), limits))
        return self._levels[1]


def _tracer_side(fusion: FusionNodes) -> str:
    """Which input gives the colours, by what the engine took it for; as in the engine, moving goes first."""
    modalities = {side: fusion.inputs.get(side, {}).get("modality", "") for side in ("moving", "fixed")}
    return next((side for side, modality in modalities.items() if modality in AUTOMATIC), "moving")
