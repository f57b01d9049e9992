"""The coloured picture of PET and SPECT: fused values as brightness, the tracer's colours put back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, full range: black stays exactly black
AUTOMATIC = {"pet": "pet-heat", "spect": "spectrum"}

# Anchor colours, RGB 0 to 255, evenly spaced from no uptake to full uptake; all begin in black.
_ANCHORS = {
    "hot": ((0, 0, 0), (110, 0, 0), (215, 30, 0), (255, 125, 0), (255, 215, 40), (255, 255, 255)),
    "rainbow": (
        (0, 0, 0),
        (70, 0, 150),
        (0, 60, 255),
        (0, 200, 220),
        (40, 215, 60),
        (250, 225, 0),
        (255, 30, 0),
    ),
    "pet-heat": ((0, 0, 0), (60, 10, 80), (140, 20, 70), (215, 65, 20), (250, 150, 20), (255, 245, 190)),
    "spectrum": ((0, 0, 0), (40, 20, 120), (120, 20, 170), (220, 60, 110), (255, 140, 40), (255, 235, 160)),
}
_STEPS = 1024


def colorize(values: NDArray[np.float32], colormap: str) -> NDArray[np.float32]:
    """Colour values in [0, 1], any shape, by a map (hot, rainbow, pet-heat, spectrum): (..., 3) in [0, 1]."""
    index = np.rint(values * (_STEPS - 1)).astype(np.intp)
    return _table(colormap)[index]


def fuse_color(
    fused: NDArray[np.float32], functional: NDArray[np.float32], colormap: str
) -> NDArray[np.uint8]:
    """Give a fused picture the colours of the tracer.

    fused, functional: (K, J, I) in [0, 1], the fused values and the aligned PET or SPECT.
    colormap: colours of the tracer, see colorize.
    Returns uint8 (K, J, I, 3). Brightness (luma) is the fused value; hue is the tracer's; where the colour
    would leave the range it gets paler, never of another hue or brightness.
    """
    result = np.empty((*fused.shape, 3), np.uint8)
    for k in range(len(fused)):
        rgb = with_luma(colorize(functional[k], colormap), fused[k])
        result[k] = np.rint(255 * rgb).astype(np.uint8)
    return result


def resolve_colormap(colormap: str, modality: str) -> str | None:
    """Name of the map for pet and spect; None when no colour is wanted or the modality is no tracer."""
    if colormap == "none" or modality not in AUTOMATIC:
        return None
    return AUTOMATIC[modality] if colormap == "auto" else colormap


def _table(colormap: str) -> NDArray[np.float32]:
    anchors = np.array(_ANCHORS[colormap], np.float32) / 255
    at = np.linspace(0, 1, len(anchors))
    steps = np.linspace(0, 1, _STEPS)
    return np.stack([np.interp(steps, at, anchors[:, c]) for c in range(3)], axis=1).astype(np.float32)


def with_luma(rgb: NDArray[np.float32], luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace the luma of colours; chroma is scaled by the largest factor up to 1 that fits into [0, 1]."""
    chroma = rgb - (rgb @ LUMA)[..., None]
    room = np.where(chroma > 0, 1 - luma[..., None], luma[..., None])
    size = np.abs(chroma)
    factor = np.divide(room, size, out=np.ones_like(size), where=size > room).min(axis=-1)
    return np.asarray(np.clip(luma[..., None] + factor[..., None] * chroma, 0, 1))
