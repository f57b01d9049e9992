"""A slice's displacement, drawn as a grid whose lines are moved by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

LINE_DISTANCE_MM = 10.0

_OVERSAMPLING = 3
_CALM = np.array([90, 200, 250])
_MOVED = np.array([255, 120, 60])
_FULL_COLOUR_MM = 8.0


def draw_warped_grid(
    displacement: NDArray[np.floating],
    spacing: tuple[float, float],
    pixels_per_mm: float,
    size: tuple[int, int],
) -> Image.Image:
    """Draw lines every 10 mm of the slice, each point x at x + displacement(x), on a transparent picture.

    displacement: (H, W, 2) in mm, right first, then down. spacing: mm between rows and between columns.
    size: width and height of the picture, pixels. Lines turn from blue to orange as they move by 8 mm.
    """
    large = (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING)
    picture = Image.new("RGBA", large, (*_CALM, 0))
    draw = ImageDraw.Draw(picture)
    for side in (0, 1):
        step = max(1, round(LINE_DISTANCE_MM / spacing[side]))
        first = (displacement.shape[side] % step) // 2
        for number in range(first, displacement.shape[side], step):
            _draw_line(draw, *_line(displacement, spacing, side, number), pixels_per_mm * _OVERSAMPLING)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _line(
    displacement: NDArray[np.floating], spacing: tuple[float, float], side: int, number: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Points, (n, 2), of one row (side 0) or column (side 1) and their displacements, mm, right and down."""
    moved = displacement[number] if side == 0 else displacement[:, number]
    along = (np.arange(len(moved)) + 0.5) * spacing[1 - side]
    across = np.full(len(moved), (number + 0.5) * spacing[side])
    return np.stack([along, across] if side == 0 else [across, along], axis=1), moved


def _draw_line(
    draw: ImageDraw.ImageDraw, points: NDArray[np.floating], moved: NDArray[np.floating], scale: float
) -> None:
    ends = ((points + moved) * scale).tolist()
    share = np.minimum(np.linalg.norm(moved, axis=1) / _FULL_COLOUR_MM, 1)[:, None]
    colours = np.round(_CALM + share * (_MOVED - _CALM)).astype(int).tolist()
    for start, end, colour in zip(ends[:-1], ends[1:], colours[:-1], strict=True):
        draw.line([tuple(start), tuple(end)], fill=(*colour, 255), width=_OVERSAMPLING + 1)
