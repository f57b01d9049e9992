"""How much of the network's displacement is kept: what intensities confirm, as a whole and place by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .elastic_evidence import AS_A_WHOLE, IN_SLICES, Evidence, cube_steps, weigh
from .interpolation import apply_along, gaussian_matrix, linear_matrix
from .resample import resample
from .slices import SquarePixels
from .source import Pulled
from .volume import Volume

Stack = NDArray[np.float32]

SEARCHED_MM = 3.5
"""The elastic search looks at cells of such voxels: where slices are closer, it has had its say."""
_COMPARED_MM = 2.0  # finer than that, noise outweighs anatomy
_AGAINST = 1.0  # standard errors of the fall around a place at which nothing is kept there
_SHOWN = 0.05  # of the window; darker is air
_RIM_MM = 2.0  # air kept around the body, so that its outline counts
_NOTICED_MM = 0.05
_NOTHING = 0.05


@dataclass(frozen=True, eq=False)
class InSlices:
    """What is kept of the network's displacement.

    displacement: (N, 2, H, W), square pixels. pixel: their side, mm. found_mm: mean length of what the
    network found. share: the kept part of it, 0 to 1. evidence: why.
    """

    displacement: Stack
    pixel: float
    found_mm: float
    share: float
    evidence: Evidence

    def described(self) -> dict[str, Any]:
        """What a report says about it."""
        length = self.pixel * np.hypot(self.displacement[:, 0], self.displacement[:, 1])
        return self.evidence.described(self.share, length) | {"found_mm": self.found_mm, "note": self.note}

    @property
    def note(self) -> str:
        """One sentence for the user."""
        if self.found_mm < _NOTICED_MM:
            return "The network hardly moved anything."
        moved = f"The network's displacement in the slices, {self.found_mm:.1f} mm on average, was"
        if self.share < _NOTHING:
            return f"{moved} not confirmed by the intensities and left out."
        if self.share > 1 - _NOTHING:
            return f"{moved} confirmed by the intensities and kept."
        return f"{moved} confirmed by the intensities in part: {self.share:.0%} of it are kept."


def keep_confirmed(
    square: SquarePixels, fixed: Stack, seen: Pulled, found: Stack, searched: bool
) -> InSlices:
    """Shrink a displacement, (N, 2, H, W) in square pixels, where intensities do not confirm it.

    fixed: (N, H, W) in [0, 1]. seen: the moving volume without the displacement. searched: whether the volume
    as a whole has been searched for what bends it; in slices close enough for that, the network must show as
    much evidence as the search.
    """
    pixel, between = square.pixel, square.frame.spacing[0]
    factor = max(1, round(_COMPARED_MM / pixel))
    spacing = np.array([between, factor * pixel, factor * pixel])
    after, inside = _moved(seen, found)
    still, before, after, covered = (
        _pooled(stack, factor) for stack in (fixed, seen.unit, after, inside & seen.inside)
    )
    common = _near(np.maximum(still, before), factor * pixel) & (covered > 0.99)
    evidence, rise = weigh(still, before, after, common, spacing)
    close = searched and between <= SEARCHED_MM
    local = np.clip(1 + rise.around() / _AGAINST, 0, 1)
    certain = local * evidence.share(AS_A_WHOLE if close else IN_SLICES)
    steps = [n * times for n, times in zip(cube_steps(spacing), (1, factor, factor), strict=True)]
    kept = found * _enlarged(certain, found[:, 0].shape, steps)[:, None]
    was, now = (float(np.hypot(u[:, 0], u[:, 1]).mean(dtype=np.float64)) for u in (found, kept))
    return InSlices(kept, pixel, pixel * was, now / was if was else 0.0, evidence)


def _moved(seen: Pulled, displacement: Stack) -> tuple[Stack, NDArray[np.bool_]]:
    """What is seen at x + displacement(x), (N, H, W), and whether the volume reaches there."""
    shown = Volume(np.where(seen.inside, seen.unit, np.float32(np.nan)), np.eye(4))
    u = np.zeros((*shown.shape, 3), np.float32)
    u[..., :2] = np.moveaxis(displacement, 1, -1)
    after = resample(shown, shown.grid, displacement=u, fill=float("nan"))
    inside = ~np.isnan(after)
    after[~inside] = 0
    return after, inside


def _pooled(stack: NDArray[Any], factor: int) -> Stack:
    """Means of factor x factor pixels; what is left over at the ends is not looked at."""
    n, height, width = stack.shape
    height, width = height // factor, width // factor
    blocks = stack[:, : height * factor, : width * factor].reshape(n, height, factor, width, factor)
    return np.asarray(blocks.mean(axis=(2, 4), dtype=np.float32))


def _near(stack: Stack, pixel_mm: float) -> NDArray[np.bool_]:
    """Where slices show the patient, or lie next to it."""
    shown = (stack > _SHOWN).astype(np.float32)
    for axis in (1, 2):
        shown = apply_along(gaussian_matrix(shown.shape[axis], _RIM_MM / pixel_mm), shown, axis)
    return np.asarray(shown > 0.02)


def _enlarged(cubes: Stack, shape: tuple[int, ...], steps: list[int]) -> Stack:
    """Values of cubes, steps pixels along each side, interpolated linearly at every pixel."""
    for axis, (count, step) in enumerate(zip(shape, steps, strict=True)):
        places = (np.arange(count) + 0.5) / step - 0.5
        cubes = apply_along(linear_matrix(cubes.shape[axis], places), cubes, axis)
    return cubes
