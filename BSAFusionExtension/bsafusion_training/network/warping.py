"""Displacements in pixels: sampling, resizing, composing, inverting. Scriptable.

A displacement is (N, 2, H, W) in pixels of its own map, channel 0 along columns (x), channel 1 along rows
(y).
Pixel centres are at integer positions; maps of different scale share their outer edges.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def per_pixel(size: int) -> float:
    """Return how far apart two pixels of so many are for grid_sample, which puts the outer ones at -1 and
    1."""
    return 2.0 / max(size - 1, 1)


def sampling_grid(displacement: Tensor) -> Tensor:
    """Return where each pixel looks, as grid_sample wants it: (N, H, W, 2) in [-1, 1], corners at pixel
    centres."""
    height, width = displacement.shape[-2], displacement.shape[-1]
    rows = torch.arange(height, device=displacement.device, dtype=displacement.dtype)
    columns = torch.arange(width, device=displacement.device, dtype=displacement.dtype)
    x = (displacement[:, 0] + columns) * per_pixel(width) - 1.0
    y = (displacement[:, 1] + rows[:, None]) * per_pixel(height) - 1.0
    return torch.stack((x, y), dim=-1)


def sample(image: Tensor, grid: Tensor, padding: str) -> Tensor:
    """Return image (N, C, H, W) at a sampling grid, bilinear."""
    return F.grid_sample(image, grid, mode="bilinear", padding_mode=padding, align_corners=True)


def warp(image: Tensor, displacement: Tensor, padding: str = "zeros") -> Tensor:
    """Return image(x + displacement(x)), bilinear; both (N, C, H, W) on the same map.

    padding: "zeros" for intensities and features, "border" for fields.
    """
    return sample(image, sampling_grid(displacement), padding)


def resize(x: Tensor, height: int, width: int) -> Tensor:
    """Return maps (N, C, h, w) at another size, bilinear, outer edges kept.

    The operator itself: torch's `interpolate` brings operators along that older versions cannot read.
    """
    return torch._C._nn.upsample_bilinear2d(x, [height, width], False, None)


def resize_field(displacement: Tensor, height: int, width: int) -> Tensor:
    """Return the displacement on a map of another size, in pixels of that map."""
    ratio_y = height / displacement.shape[-2]
    ratio_x = width / displacement.shape[-1]
    if ratio_x == 1.0 and ratio_y == 1.0:
        return displacement
    resized = resize(displacement, height, width)
    if ratio_x == ratio_y:
        return resized * ratio_x
    return torch.cat((resized[:, :1] * ratio_x, resized[:, 1:] * ratio_y), dim=1)


def compose(first: Tensor, second: Tensor) -> Tensor:
    """Return the displacement of x -> y + second(y) with y = x + first(x)."""
    return first + warp(second, first, padding="border")


def invert(displacement: Tensor, iterations: int = 8) -> Tensor:
    """Return v with x = y + v(y) where y = x + displacement(x), by fixed-point iteration.

    Converges where the displacement's gradient is below one (no folds). It counts as grid_sample does, so
    that a round is one sampling and one difference.
    """
    height, width = displacement.shape[-2], displacement.shape[-1]
    straight = sampling_grid(torch.zeros_like(displacement[:1]))
    x, y = displacement[:, :1] * per_pixel(width), displacement[:, 1:] * per_pixel(height)
    there = torch.cat((x, y), dim=1)
    back = there
    for _ in range(iterations):
        back = sample(there, straight - back.permute(0, 2, 3, 1), "border")
    return -torch.cat((back[:, :1] / per_pixel(width), back[:, 1:] / per_pixel(height)), dim=1)
