"""Pictures of a run: three slices, what came in, what came out, and how it was bent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.color import colorize, resolve_colormap
from ..engine.intensity import apply_window
from ..engine.interpolation import apply_along, gaussian_matrix, linear_matrix
from ..engine.jacobian import jacobian_determinant
from ..engine.resample import resample
from ..engine.result import FusionResult
from ..engine.slices import SliceFrame, choose_axis
from ..engine.volume import Grid, Volume
from .png import data_uri

SIDE = 240
"""The longer side of a picture, pixels."""

_SLICE_SHARES = (0.3, 0.5, 0.7)
_EDGE = np.array([255, 120, 40], np.float32)
_EDGE_SHARE = 0.08  # of the pixels are edges
_EDGE_BLUR_MM = 1.5  # noise is not an edge
_SHRUNK, _GROWN = np.array([40, 90, 200], np.float32), np.array([225, 110, 20], np.float32)
_TRUST = np.array([[190, 40, 50], [235, 180, 60], [30, 150, 90]], np.float32)  # at 0, a half and 1

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One kind of picture: a title, a note on how to read it, and its picture of every slice, an address."""

    title: str
    note: str
    pictures: list[str]


@dataclass(frozen=True)
class Pictures:
    """Rows of pictures; slices: the numbers, from 1, of those pictured, and count: how many there are."""

    slices: list[int]
    count: int
    rows: list[Row]


def choose_slices(stack: NDArray[np.generic]) -> list[int]:
    """Three slices, (N, H, W), spread over the part of the stack that shows something."""
    bright = (stack > stack.max() / 4).mean(axis=(1, 2))
    shown = np.flatnonzero(bright > bright.max() / 4)
    return [int(shown[0] + round(share * (shown[-1] - shown[0]))) for share in _SLICE_SHARES]


def take_pictures(fixed: Volume, moving: Volume, result: FusionResult) -> Pictures:
    """Draw the run's three slices in every kind; moving is resampled in these slices alone."""
    views = _Views(fixed, moving, result)
    kinds: list[tuple[str, str, Callable[[int], Pixels]]] = [
        ("Fixed", fixed.name, views.fixed),
        ("Moving, before", f"{moving.name}, as it was loaded", views.before),
        ("Moving, aligned", f"{moving.name}, after everything", views.aligned),
        ("Fused", "both in one picture; for display only", views.fused),
        (
            "Edges",
            "of the aligned moving volume on the fixed one: they should follow its outlines",
            views.edges,
        ),
        (
            "Jacobian",
            "blue: shrunk, white: as it was, orange: grown; full colour at a half and twice",
            views.jacobian,
        ),
    ]
    if result.confidence is not None:
        kinds.append(("Confidence", "green: trusted, red: not, black: nothing known", views.confidence))
    rows = [Row(title, note, [views.shown(draw(n)) for n in views.chosen]) for title, note, draw in kinds]
    return Pictures([n + 1 for n in views.chosen], views.count, rows)


class _Views:
    """Slices of a run as pictures: grey (H, W) or colour (H, W, 3), values in [0, 255]."""

    def __init__(self, fixed: Volume, moving: Volume, result: FusionResult) -> None:
        geometry, options = result.report["geometry"], result.report["configuration"]
        self._result = result
        self._frame = SliceFrame.along(fixed.grid, choose_axis(fixed.grid, options["axis"]))
        self._fixed = self._frame.cut(fixed.array)
        self._window = geometry["fixed"]["window"]
        self._moving = moving.with_array(apply_window(moving.array, geometry["moving"]["window"]))
        self._colormap = resolve_colormap(options["colormap"], result.modality)
        self.count = self._frame.shape[0]
        self.chosen = choose_slices(self._frame.cut(result.fused.array))

    def fixed(self, n: int) -> Pixels:
        return np.asarray(255 * apply_window(self._fixed[n], self._window))

    def before(self, n: int) -> Pixels:
        return self._colored(resample(self._moving, self._grid(n))[0])

    def aligned(self, n: int) -> Pixels:
        return self._colored(self._pulled(n))

    def fused(self, n: int) -> Pixels:
        color = self._result.fused_color
        if color is not None:
            return np.asarray(self._frame.cut(color)[n], np.float32)
        return np.asarray(255 * self._frame.cut(self._result.fused.array)[n])

    def edges(self, n: int) -> Pixels:
        """The fixed slice in grey, darkened, with the strongest edges of the aligned one."""
        grey = 0.7 * self.fixed(n)
        strength = np.hypot(*np.gradient(self._blurred(self._pulled(n)), *self._frame.spacing[1:]))
        least = np.quantile(strength, 1 - _EDGE_SHARE)
        share = np.clip(strength / max(least, 1e-6) - 0.5, 0, 1)[..., None]
        return np.asarray(grey[..., None] * (1 - share) + _EDGE * share, np.float32)

    def jacobian(self, n: int) -> Pixels:
        """Blue where the volume shrinks, orange where it grows."""
        axis = 2 - self._frame.axes[0]
        count = self._frame.shape[0]
        low, high = max(0, n - 1), min(count, n + 2)
        part = np.take(self._result.displacement, range(low, high), axis=axis)
        grid = Grid(part.shape[:3], self._frame.grid.ijk_to_ras)
        frame = SliceFrame(grid, self._frame.axes, self._frame.flips)
        change = np.log2(np.maximum(frame.cut(jacobian_determinant(part, grid))[n - low], 1e-3))
        return _diverging(np.clip(change, -1, 1))

    def confidence(self, n: int) -> Pixels:
        assert self._result.confidence is not None
        share = self._frame.cut(self._result.confidence.array)[n]
        colors = [np.interp(share, (0, 0.5, 1), _TRUST[:, channel]) for channel in range(3)]
        return np.asarray(np.where(share > 0, colors, 0).transpose(1, 2, 0), np.float32)

    def shown(self, pixels: Pixels) -> str:
        """Square pixels, the longer side SIDE of them, as an address."""
        height_mm, width_mm = (self._frame.shape[n] * self._frame.spacing[n] for n in (1, 2))
        scale = SIDE / max(height_mm, width_mm)
        for axis, extent in ((0, height_mm), (1, width_mm)):
            count, size = pixels.shape[axis], max(1, round(extent * scale))
            positions = (np.arange(size) + 0.5) * count / size - 0.5
            pixels = apply_along(linear_matrix(count, positions), pixels.astype(np.float32), axis)
        return data_uri(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8))

    def _grid(self, n: int) -> Grid:
        """One slice as a grid of its own: (1, H, W)."""
        matrix = self._frame.stack_to_ras()
        matrix[:3, 3] += n * matrix[:3, 2]
        return Grid((1, *self._frame.shape[1:]), matrix)

    def _pulled(self, n: int) -> Pixels:
        moved = np.ascontiguousarray(self._frame.cut(self._result.displacement)[n][None])
        return np.asarray(resample(self._moving, self._grid(n), self._result.initial, moved)[0])

    def _blurred(self, values: Pixels) -> Pixels:
        for axis in (0, 1):
            sigma = _EDGE_BLUR_MM / self._frame.spacing[1 + axis]
            values = apply_along(gaussian_matrix(values.shape[axis], sigma), values, axis)
        return values

    def _colored(self, values: Pixels) -> Pixels:
        if self._colormap is None:
            return np.asarray(255 * values)
        return np.asarray(255 * colorize(values, self._colormap))


def _diverging(change: Pixels) -> Pixels:
    """White at 0, blue at -1, orange at 1."""
    share = np.abs(change)[..., None]
    color = np.where(change[..., None] < 0, _SHRUNK, _GROWN)
    return np.asarray(255 + (color - 255) * share, np.float32)
