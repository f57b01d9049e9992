"""What a volume's display makes of its values: window, then colours."""

from __future__ import annotations

import numpy as np
import slicer
from numpy.typing import NDArray

from ..engine.intensity import apply_window

LEVELS = 256


def palette(colors: slicer.vtkMRMLColorNode | None) -> NDArray[np.uint8]:
    """The 256 colours that Slicer gives to a window from its lower to its upper end: (256, 3) RGB.

    colors: a lookup table or a procedural colour node, which Slicer asks for 0 ... 255; grey for None.
    """
    table = None if colors is None else colors.GetScalarsToColors()
    if table is None:
        return np.repeat(np.arange(LEVELS, dtype=np.uint8)[:, None], 3, axis=1)
    shades, rgb = np.empty((LEVELS, 3)), [0.0, 0.0, 0.0]
    for level in range(LEVELS):
        table.GetColor(level, rgb)
        shades[level] = rgb
    return np.rint(255 * shades).astype(np.uint8)


def window_limits(volume: slicer.vtkMRMLScalarVolumeNode) -> tuple[float, float]:
    """The values that get the first and the last colour; all values where a volume has no display."""
    display = volume.GetDisplayNode()
    if display is None:
        low, high = volume.GetImageData().GetScalarRange()
    else:
        low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
    return float(low), float(max(high, low + 1e-6))


def shown_colors_key(volume: slicer.vtkMRMLScalarVolumeNode) -> tuple[object, ...]:
    """What the colours of a volume depend on."""
    display = volume.GetDisplayNode()
    colors = None if display is None else display.GetColorNode()
    return (*window_limits(volume), None if colors is None else (colors.GetID(), colors.GetMTime()))


def to_window(values: NDArray[np.float32], volume: slicer.vtkMRMLScalarVolumeNode) -> NDArray[np.float32]:
    """Map values from the window a volume is shown in to [0, 1], clipped."""
    return apply_window(values, window_limits(volume))


def shown_colors(values: NDArray[np.float32], volume: slicer.vtkMRMLScalarVolumeNode) -> NDArray[np.uint8]:
    """Colour values as a volume is shown: (...) to (..., 3) RGB."""
    index = (to_window(values, volume) * np.float32(LEVELS - 1)).astype(np.uint8)
    display = volume.GetDisplayNode()
    return palette(None if display is None else display.GetColorNode())[index]
