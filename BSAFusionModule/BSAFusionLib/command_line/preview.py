"""One picture of a run: three slices, from what came in to what came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..engine.slices import SliceFrame
from ..page.pictures import choose_slices
from .warped_grid import draw_warped_grid

TILE = 300
"""Side of the square that a slice is fitted into, pixels."""

_GAP = 8
_MARGIN = 16
_HEADER = 50
_FOOTER = 40
_BACKGROUND = (17, 19, 23)
_TEXT = (236, 238, 242)
_FAINT = (150, 156, 166)
_DIMMED = 0.55
_LETTERS = (("R", "L"), ("A", "P"), ("S", "I"))


@dataclass(frozen=True, eq=False)
class Column:
    """One column of the picture: a title, a subtitle, and a (K, J, I) or (K, J, I, 3) uint8 array."""

    title: str
    subtitle: str
    array: NDArray[np.uint8]


def draw_preview(
    columns: Sequence[Column], displacement: NDArray[np.floating], frame: SliceFrame, note: str
) -> Image.Image:
    """Draw the columns and, last, the displacement as a warped grid over the first column.

    displacement: (K, J, I, 3), mm, RAS components. frame: how all arrays are cut. note: a line below.
    Slices stand as a radiologist looks at them, in square pixels.
    """
    rows = choose_slices(frame.cut(columns[0].array))
    width = 2 * _MARGIN + (len(columns) + 1) * (TILE + _GAP) - _GAP
    picture = Image.new("RGB", (width, _HEADER + len(rows) * (TILE + _GAP) - _GAP + _FOOTER), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    length = np.linalg.norm(displacement, axis=-1)
    grid_subtitle = f"mean {length.mean():.1f} mm, largest {length.max():.1f} mm"
    titles = [(column.title, column.subtitle) for column in columns] + [("Deformation", grid_subtitle)]
    for number, (title, subtitle) in enumerate(titles):
        _write_title(draw, _left(number), title, subtitle)
    for row, index in enumerate(rows):
        top = _HEADER + row * (TILE + _GAP)
        tiles = [_tile(frame.cut(column.array)[index], frame) for column in columns]
        tiles.append(_grid_tile(tiles[0], displacement, frame, index))
        for number, tile in enumerate(tiles):
            picture.paste(tile, (_left(number), top))
        _write_place(draw, (_left(0), top), frame, index)
    draw.text((_MARGIN, picture.height - _FOOTER // 2), note, _FAINT, _font(14), anchor="lm")
    return picture


def _tile(pixels: NDArray[np.uint8], frame: SliceFrame) -> Image.Image:
    """Fit one slice, (H, W) or (H, W, 3), into a black square."""
    size = _size_in_tile(frame)
    slice_picture = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    tile = Image.new("RGB", (TILE, TILE))
    corner = ((TILE - size[0]) // 2, (TILE - size[1]) // 2)
    tile.paste(slice_picture.resize(size, Image.Resampling.BICUBIC), corner)
    return tile


def _grid_tile(
    fixed: Image.Image, displacement: NDArray[np.floating], frame: SliceFrame, index: int
) -> Image.Image:
    """Draw the warped grid over a dimmed copy of the fixed slice."""
    in_plane = frame.cut(displacement)[index] @ np.stack([frame.right, frame.down], axis=1)
    width, height = _size_in_tile(frame)
    pixels_per_mm = width / (frame.shape[2] * frame.spacing[2])
    overlay = draw_warped_grid(in_plane, frame.spacing[1:], pixels_per_mm, (width, height))
    tile = fixed.point(lambda value: value * _DIMMED)
    tile.paste(overlay, ((TILE - width) // 2, (TILE - height) // 2), overlay)
    return tile


def _size_in_tile(frame: SliceFrame) -> tuple[int, int]:
    """Width and height, pixels, of a slice whose longer side in mm fills the tile."""
    height_mm, width_mm = (frame.shape[n] * frame.spacing[n] for n in (1, 2))
    scale = TILE / max(height_mm, width_mm)
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _write_title(draw: ImageDraw.ImageDraw, left: int, title: str, subtitle: str) -> None:
    draw.text((left, 16), title, _TEXT, _font(18), anchor="lm")
    draw.text((left, 37), subtitle, _FAINT, _font(13), anchor="lm")


def _write_place(draw: ImageDraw.ImageDraw, corner: tuple[int, int], frame: SliceFrame, index: int) -> None:
    """Write the slice's place and the patient's sides into a tile."""
    left, top = corner
    middle = frame.stack_to_ras() @ [(frame.shape[2] - 1) / 2, (frame.shape[1] - 1) / 2, index, 1]
    normal = int(np.abs(frame.grid.direction[:, frame.axes[0]]).argmax())
    side = _LETTERS[normal][0 if middle[normal] >= 0 else 1]
    place = f"{side} {abs(middle[normal]):.0f} mm, slice {index + 1} of {frame.shape[0]}"
    middle_x, middle_y = left + TILE // 2, top + TILE // 2
    for position, text, anchor in (
        ((left + 6, top + TILE - 6), place, "lb"),
        ((left + 6, middle_y), _letter(-frame.right), "lm"),
        ((left + TILE - 6, middle_y), _letter(frame.right), "rm"),
        ((middle_x, top + 6), _letter(-frame.down), "mt"),
    ):
        draw.text(position, text, _TEXT, _font(13), anchor=anchor, stroke_width=2, stroke_fill="black")


def _letter(direction: NDArray[np.float64]) -> str:
    """The patient's side that a RAS direction points to most."""
    axis = int(np.abs(direction).argmax())
    return _LETTERS[axis][0 if direction[axis] > 0 else 1]


def _left(column: int) -> int:
    return _MARGIN + column * (TILE + _GAP)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
