"""The preview of a fusion: what came in, what came out, and how it was bent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..engine import FusionConfig, FusionResult, Volume
from ..engine.color import colorize, resolve_colormap
from ..engine.intensity import guess_modality, to_unit
from ..engine.resample import resample
from ..engine.slices import SliceFrame, choose_axis
from .preview import Column, draw_preview

_NAMES = {"mr": "MRI", "ct": "CT", "pet": "PET", "spect": "SPECT"}
_NOTE = (
    "The patient's right is on the left. Deformation without the initial alignment: lines every 10 mm, "
    "blue where nothing moves, orange from 8 mm. For display only, not for diagnosis."
)


def write_preview(
    fixed: Volume, moving: Volume, result: FusionResult, config: FusionConfig, path: Path
) -> None:
    """Draw three slices of the run into a PNG file; raises OSError where it cannot be written."""
    fixed_modality = guess_modality(fixed) if config.fixed_modality == "auto" else config.fixed_modality
    fixed_name = f"{_NAMES[fixed_modality]}, {fixed.name}"
    moving_name = f"{_NAMES[result.modality]}, {moving.name}"
    scaled = moving.with_array(to_unit(moving, result.modality, config.window))
    before = resample(scaled, fixed.grid)
    after = resample(scaled, fixed.grid, result.initial, result.displacement)
    colormap = resolve_colormap(config.colormap, result.modality)
    fused = _bytes(result.fused.array) if result.fused_color is None else result.fused_color
    columns = [
        Column("Fixed", fixed_name, _bytes(to_unit(fixed, fixed_modality, config.fixed_window))),
        Column("Moving, before", moving_name, _shown(before, colormap)),
        Column("Moving, aligned", moving_name, _shown(after, colormap)),
        Column("Fused", f"{_NAMES[fixed_modality]} and {_NAMES[result.modality]}", fused),
    ]
    frame = SliceFrame.along(fixed.grid, choose_axis(fixed.grid, config.axis))
    draw_preview(columns, result.displacement, frame, _NOTE).save(path)


def _shown(values: NDArray[np.float32], colormap: str | None) -> NDArray[np.uint8]:
    return _bytes(values if colormap is None else colorize(values, colormap))


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Values in [0, 1] as 0 to 255."""
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
