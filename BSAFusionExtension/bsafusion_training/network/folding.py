"""Folds in a slice field, and their repair. Scriptable."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def differences(displacement: Tensor) -> tuple[Tensor, Tensor]:
    """Return how the displacement (N, 2, H, W) changes to the next column, (N, 2, H, W - 1), and to the next
    row, (N, 2, H - 1, W)."""
    across = displacement[:, :, :, 1:] - displacement[:, :, :, :-1]
    return across, displacement[:, :, 1:] - displacement[:, :, :-1]


def jacobian_determinant(displacement: Tensor) -> Tensor:
    """Return the determinant of x -> x + displacement(x) in each cell of four pixels: (N, 1, H-1, W-1).

    It is the least of the four determinants that the cell's corners give, so that a positive value means
    that the bilinear map of the cell is one to one.
    """
    dx, dy = differences(displacement)
    least = torch.full_like(displacement[:, :1, 1:, 1:], 1e9)
    for across in (dx[:, :, :-1], dx[:, :, 1:]):
        for down in (dy[:, :, :, :-1], dy[:, :, :, 1:]):
            determinant = (1 + across[:, :1]) * (1 + down[:, 1:]) - across[:, 1:] * down[:, :1]
            least = torch.minimum(least, determinant)
    return least


def is_gentle(displacement: Tensor, floor: float) -> bool:
    """Return whether no two neighbours differ by so much that a determinant could be under the floor: with
    differences of at most d, it is at least (1 - d)^2 - d^2."""
    across, down = differences(displacement)
    steepest = torch.maximum(across.abs().max(), down.abs().max())
    return bool(1 - 2 * steepest >= floor)


def unfold_field(displacement: Tensor, floor: float = 0.05, rounds: int = 20) -> Tensor:
    """Return the field without folds: where the determinant is under the floor, the field is smoothed until
    it is not.

    A field that has no fold comes back unchanged. Whatever is left after the rounds is scaled down as a
    whole.
    """
    if is_gentle(displacement, floor):
        return displacement
    for _ in range(rounds):
        folded = (jacobian_determinant(displacement) < floor).to(displacement.dtype)
        if folded.sum() == 0:
            return displacement
        near = F.max_pool2d(F.pad(folded, (1, 1, 1, 1)), 2, 1)
        weight = F.avg_pool2d(F.max_pool2d(near, 9, 1, 4), 9, 1, 4, count_include_pad=False)
        smooth = F.avg_pool2d(displacement, 5, 1, 2, count_include_pad=False)
        displacement = displacement + weight * (smooth - displacement)
    for _ in range(60):
        if jacobian_determinant(displacement).min() >= floor:
            return displacement
        displacement = displacement * 0.9
    return displacement
