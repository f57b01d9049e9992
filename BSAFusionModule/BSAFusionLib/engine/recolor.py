"""A fused picture in other colours, without running the network again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .color import with_luma

LEVELS = 256
_SLAB_VOXELS = 1 << 20  # small enough to stay in the cache between the steps


def color_table(palette: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    """Tabulate the colour of each fused level under each level of the tracer: uint8, (256 * 256, 3).

    palette: the tracer's colours, uint8, (256, 3), RGB. strength: 0 for grey, 1 for full colour.
    Row 256 * fused + tracer. Brightness (luma) is the fused level, as of color.fuse_color.
    """
    luma: NDArray[np.float32] = np.linspace(0, 1, LEVELS).astype(np.float32)
    colors = np.broadcast_to(palette.astype(np.float32) / np.float32(255), (LEVELS, LEVELS, 3))
    full = with_luma(colors, np.broadcast_to(luma[:, None], (LEVELS, LEVELS)))
    mixed = luma[:, None, None] + np.float32(strength) * (full - luma[:, None, None])
    return np.asarray(np.rint(255 * mixed).astype(np.uint8).reshape(-1, 3))


def to_levels(array: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Map values from limits to 0 ... 255, clipped; any shape."""
    result = np.empty(array.shape, np.uint8)
    low, scale = np.float32(limits[0]), np.float32((LEVELS - 1) / (limits[1] - limits[0]))

    def work(part: slice) -> None:
        scaled = (array[part] - low) * scale
        np.clip(scaled, 0, LEVELS - 1, out=scaled)
        np.rint(scaled, out=scaled)
        result[part] = scaled

    _in_slabs(array.shape, work)
    return result


def recolor(
    fused: NDArray[np.uint8],
    tracer: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    strength: float,
    out: NDArray[np.uint8],
) -> None:
    """Colour a fused picture anew, in place.

    fused, tracer: (K, J, I), levels as of to_levels. palette, strength: see color_table. out: (K, J, I, 3).
    """
    table = color_table(palette, strength)

    def work(part: slice) -> None:
        index = fused[part].astype(np.uint16)
        index <<= 8
        index |= tracer[part]
        np.take(table, index, axis=0, out=out[part], mode="clip")

    _in_slabs(fused.shape, work)


def _in_slabs(shape: tuple[int, ...], work: Callable[[slice], None]) -> None:
    """Do the work on parts of the first axis, some at a time: NumPy lets other threads run meanwhile."""
    thickness = max(1, _SLAB_VOXELS // int(np.prod(shape[1:])))
    parts = [slice(start, start + thickness) for start in range(0, shape[0], thickness)]
    with ThreadPoolExecutor(max_workers=min(4, cpu_count() or 1)) as pool:
        list(pool.map(work, parts))
