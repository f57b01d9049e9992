"""The network's two steps over the slices of a volume: registering and fusing, in batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .config import FusionConfig
from .field import fade_outside, slice_content, smooth_across_slices, smooth_everywhere
from .network import FusionNetwork
from .run import Run
from .slices import SMALLEST_SIDE, SliceFrame, SquarePixels
from .source import Pulled, Source

Stack = NDArray[np.float32]

_USUAL_PIXELS = 256 * 256


@dataclass(frozen=True, eq=False)
class SquareView:
    """Both volumes in the square pixels in which they are registered and compared.

    slices: the fixed volume, (N, H, W) in [0, 1]. moving: without detail finer than a pixel.
    """

    square: SquarePixels
    fixed: Source
    moving: Source
    slices: Stack

    @classmethod
    def of(cls, fixed: Source, moving: Source, square: SquarePixels) -> SquareView:
        """Bring the fixed volume into square pixels, and prepare the moving one."""
        return cls(
            square, fixed, moving.antialiased(square.pixel), square.shrink(square.frame.cut(fixed.unit))
        )

    def pull(self, initial: NDArray[np.float64], displacement: Stack | None = None) -> Pulled:
        """Show the moving volume in the same pixels; displacement is u on the fixed grid, (K, J, I, 3)."""
        if displacement is None or not displacement.any():
            return self.moving.pull(self.square.grid, initial)
        stack = self.square.frame.cut(displacement)
        shrunk = np.stack([self.square.shrink(stack[..., component]) for component in range(3)], axis=-1)
        return self.moving.pull(self.square.grid, initial, shrunk)


def register_slices(
    network: FusionNetwork, view: SquareView, moving: Pulled, config: FusionConfig, run: Run
) -> Stack:
    """Find the displacement of all slices and make it one coherent field, (N, 2, H, W), in square pixels.

    Slices without content are skipped and follow their neighbours; the field fades where moving ends.
    """
    content = slice_content(view.slices, moving.unit)
    field = np.zeros((len(content), 2, *view.square.shape), np.float32)
    size = _slices_per_call(config, view.square.shape)
    for part in run.batches("Registering slices", np.flatnonzero(content), size):
        field[part] = network.register(view.slices[part], moving.unit[part])
    spacing = view.square.frame.spacing[0]
    field = smooth_across_slices(field, content, spacing, config.slice_smoothing_mm)
    field = fade_outside(field, moving.inside, view.square.pixel, spacing)
    return smooth_everywhere(field, view.square.pixel, spacing)


def blend_slices(
    network: FusionNetwork, fixed: Stack, aligned: Pulled, frame: SliceFrame, config: FusionConfig, run: Run
) -> Stack:
    """Fuse two volumes on one grid, slice by slice at their own resolution; (K, J, I) in [0, 1].

    fixed: (K, J, I) in [0, 1]; it is shown alone where the moving volume does not reach. Where both are black
    the result is black.
    """
    fused = fixed.copy()
    result, first, second, inside = (frame.cut(a) for a in (fused, fixed, aligned.unit, aligned.inside))
    size = _slices_per_call(config, frame.shape[1:])
    for part in run.batches("Fusing slices", np.flatnonzero(inside.any(axis=(1, 2))), size):
        one, other = first[part], second[part]
        shown = inside[part] & ((one > 0) | (other > 0))
        result[part] = np.where(shown, np.clip(_blend(network, one, other), 0, 1), one)
    return fused


def _blend(network: FusionNetwork, fixed: Stack, aligned: Stack) -> Stack:
    """Blend slices that may be smaller than the network takes."""
    height, width = fixed.shape[1:]
    missing = [(0, 0), (0, max(0, SMALLEST_SIDE - height)), (0, max(0, SMALLEST_SIDE - width))]
    return network.blend(np.pad(fixed, missing), np.pad(aligned, missing))[:, :height, :width]


def _slices_per_call(config: FusionConfig, shape: tuple[int, int]) -> int:
    """Fewer where slices are larger than usual, so that the memory they take stays the same."""
    larger = max(1.0, shape[0] * shape[1] / _USUAL_PIXELS)
    return max(1, int(config.batch_size / larger))
