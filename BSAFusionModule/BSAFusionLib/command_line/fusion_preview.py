"""The preview of a fusion: what came in, what came out, and how it was bent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..engine import FusionResult, Volume
from ..engine.color import colorize, resolve_colormap
from ..engine.intensity import apply_window
from ..engine.resample import resample
from ..engine.slices import SliceFrame, choose_axis
from ..engine.verdict import withheld
from .preview import Column, draw_preview

_NAMES = {"mr": "MRI", "ct": "CT", "pet": "PET", "spect": "SPECT"}
_NOTE = (
    "R L A P S I: the patient's sides. Deformation, without the initial alignment: lines every 10 mm, blue "
    "where nothing moves, orange from 8 mm. For display only, not for diagnosis."
)

_REJECTED = "DO NOT USE: see report.json. "


def write_preview(fixed: Volume, moving: Volume, result: FusionResult, path: Path) -> None:
    """Draw three slices of the run into a PNG file; raises OSError where it cannot be written."""
    geometry, options = result.report["geometry"], result.report["configuration"]
    fixed_kind, moving_kind = (_NAMES[geometry[role]["modality"]] for role in ("fixed", "moving"))
    colormap = resolve_colormap(options["colormap"], result.modality)
    scaled = moving.with_array(apply_window(moving.array, geometry["moving"]["window"]))
    before = resample(scaled, fixed.grid)
    after = resample(scaled, fixed.grid, result.initial, result.displacement)
    fused = _bytes(result.fused.array) if result.fused_color is None else result.fused_color
    rejected = withheld(result.report)
    columns = [
        Column(
            "Fixed",
            f"{fixed_kind}, {fixed.name}",
            _bytes(apply_window(fixed.array, geometry["fixed"]["window"])),
        ),
        Column("Moving, before", f"{moving_kind}, {moving.name}", _shown(before, colormap)),
        Column(
            "Moving, rejected" if rejected else "Moving, aligned",
            f"{moving_kind}, {moving.name}",
            _shown(after, colormap),
        ),
        Column("Fused", f"{fixed_kind} and {moving_kind}", fused),
    ]
    frame = SliceFrame.along(fixed.grid, choose_axis(fixed.grid, options["axis"]))
    draw_preview(columns, result.displacement, frame, (_REJECTED if rejected else "") + _NOTE).save(path)


def _shown(values: NDArray[np.float32], colormap: str | None) -> NDArray[np.uint8]:
    return _bytes(values if colormap is None else colorize(values, colormap))


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Values in [0, 1] as 0 to 255."""
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
