"""Whether the network, with the roles of both volumes swapped and both mirrored, finds the way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .network import FusionNetwork
from .resample import resample
from .volume import Grid, Volume

Stack = NDArray[np.float32]

_SLICES = 4


def forward_backward_mm(
    network: FusionNetwork,
    fixed: Stack,
    moving: Stack,
    inside: NDArray[np.bool_],
    pixel_mm: float,
    share: float = 1.0,
) -> float | None:
    """How far a pixel comes back from where it started, mm, on average over what both images show.

    fixed, moving: (N, H, W) in [0, 1]; inside: (N, H, W), where the moving image has values. A few slices,
    evenly spread over those with content, are registered forth and back; None where there are none. Back,
    they are mirrored: the network subtracts one direction from the other, so that swapping alone would only
    change signs. share: how much of the network's displacement is published, and taken here; None for none.
    """
    shown = (fixed > 0) & (moving > 0) & inside
    content = np.flatnonzero(shown.mean(axis=(1, 2)) > 0.02)
    if content.size == 0 or share == 0:
        return None
    steps = np.linspace(0, content.size - 1, min(_SLICES, content.size) + 2)[1:-1]
    chosen = content[np.unique(steps.round().astype(int))]
    forth = share * network.register(fixed[chosen], moving[chosen])
    back = network.register(moving[chosen][..., ::-1], fixed[chosen][..., ::-1])[..., ::-1]
    back = back * (share * np.array([-1, 1], np.float32))[:, None, None]
    rest = forth + _at(back, forth)
    return float(pixel_mm * np.hypot(rest[:, 0], rest[:, 1])[shown[chosen]].mean())


def _at(field: Stack, displacement: Stack) -> Stack:
    """Take a slice field (N, 2, H, W), px, at x + displacement(x); edge values outside."""
    grid = Grid((len(field), *field.shape[2:]), np.eye(4))
    limits = np.array(grid.shape[::-1]) - 1.0
    u = np.zeros((*grid.shape, 3), np.float32)
    for channel in (0, 1):
        place = np.arange(limits[channel] + 1).reshape((1, 1, -1) if channel == 0 else (1, -1, 1))
        u[..., channel] = np.clip(place + displacement[:, channel], 0, limits[channel]) - place
    parts = [resample(Volume(field[:, c], np.eye(4)), grid, displacement=u) for c in (0, 1)]
    return np.stack(parts, axis=1)
