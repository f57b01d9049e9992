"""How much a network contradicts itself when it sees the same slices in another way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .interpolation import apply_along, gaussian_matrix
from .network import FusionNetwork

Stack = NDArray[np.float32]

SIGNS = ("flip", "shift", "swap", "size", "edges")
"""What is measured at every pixel: three disagreements and the displacement's length, in pixels, and how well
edges run along each other, 0 to 1."""

REGISTRATIONS = 4
"""How many times the slices are registered for it."""

_SHIFTS = ((3, -2), (-3, 2))  # px, along columns and rows
_MIRRORED = np.array([-1, 1], np.float32)[:, None, None]
_UPSIDE_DOWN = -_MIRRORED
_NEIGHBOURHOOD = 4.0  # px; the displacement hardly changes within it
_EDGE_BLUR, _EDGE_NEIGHBOURHOOD = 1.0, 8.0  # px
_TINY = 1e-9


def signs_of_error(network: FusionNetwork, fixed: Stack, moving: Stack, displacement: Stack) -> Stack:
    """Measure SIGNS of slices (N, H, W) in [0, 1]; (N, 5, H, W), float32, smoothed over 4 pixels or more.

    displacement: what is doubted, (N, 2, H, W), px. It is compared with what the network gives when both
    slices are flipped left to right, when the moving one is shifted a little, and when their roles are
    swapped (flipped top to bottom as well: swapping alone only changes the network's signs).
    """
    flipped = _MIRRORED * network.register(fixed[..., ::-1], moving[..., ::-1])[..., ::-1]
    shifted = [_length(_shifted_back(network, fixed, moving, shift) - displacement) for shift in _SHIFTS]
    back = _UPSIDE_DOWN * network.register(moving[:, ::-1], fixed[:, ::-1])[:, :, ::-1]
    signs = (
        _length(flipped - displacement),
        np.mean(shifted, axis=0),
        _length(displacement + _follow(back, displacement)),
        _length(displacement),
    )
    edges = _edge_agreement(fixed, _follow(moving[:, None], displacement)[:, 0])
    return np.stack([*(_smooth(sign, _NEIGHBOURHOOD) for sign in signs), edges], axis=1)


def _shifted_back(network: FusionNetwork, fixed: Stack, moving: Stack, shift: tuple[int, int]) -> Stack:
    """The displacement found for a moving slice that was shifted by whole pixels, less that shift."""
    moved = np.zeros_like(moving)
    height, width = moving.shape[1:]
    to_x, from_x = _overlap(shift[0], width)
    to_y, from_y = _overlap(shift[1], height)
    moved[:, to_y, to_x] = moving[:, from_y, from_x]
    return network.register(fixed, moved) - np.array(shift, np.float32)[:, None, None]


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    return slice(max(0, shift), size + min(0, shift)), slice(max(0, -shift), size + min(0, -shift))


def _follow(values: Stack, displacement: Stack) -> Stack:
    """values(x + u(x)), (N, C, H, W), at the nearest pixel."""
    height, width = values.shape[2:]
    rows, columns = np.mgrid[:height, :width]
    x = np.clip(np.rint(columns + displacement[:, 0]), 0, width - 1).astype(np.intp)
    y = np.clip(np.rint(rows + displacement[:, 1]), 0, height - 1).astype(np.intp)
    return np.stack([one[:, at_y, at_x] for one, at_y, at_x in zip(values, y, x, strict=True)])


def _edge_agreement(fixed: Stack, aligned: Stack) -> Stack:
    """Squared cosine between both gradients, weighted by their lengths, around every pixel."""
    first, second = (np.gradient(_smooth(stack, _EDGE_BLUR), axis=(1, 2)) for stack in (fixed, aligned))
    both = _smooth((first[0] * second[0] + first[1] * second[1]) ** 2, _EDGE_NEIGHBOURHOOD)
    most = _smooth((first[0] ** 2 + first[1] ** 2) * (second[0] ** 2 + second[1] ** 2), _EDGE_NEIGHBOURHOOD)
    return np.asarray(both / (most + _TINY), np.float32)


def _smooth(stack: Stack, sigma: float) -> Stack:
    for axis in (1, 2):
        stack = apply_along(gaussian_matrix(stack.shape[axis], sigma), stack, axis)
    return stack


def _length(field: Stack) -> Stack:
    return np.asarray(np.sqrt(np.einsum("ncyx,ncyx->nyx", field, field)))
