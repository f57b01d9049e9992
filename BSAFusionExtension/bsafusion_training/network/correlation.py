"""Local correlation: how alike each pixel is to the other map's pixels around it. Scriptable.

Blocks of queries are multiplied with their windows of keys at once; the wanted diagonals of that product are
then read with strides. On a CPU this is three to four times faster than one product per offset, and, one
image after the other, so that the products stay in its cache, three times again. The gradient is two products
of the same kind, which spares the slow way back through strides and windows.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor


def to_blocks(x: Tensor, block: int) -> Tensor:
    """Cut (N, C, h, w), multiples of the block, into (N * blocks, block^2, C)."""
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // block, block, w // block, block).permute(0, 2, 4, 3, 5, 1)
    return x.reshape(-1, block * block, c)


def to_windows(x: Tensor, radius: int, block: int) -> Tensor:
    """Cut each block with its surroundings out of (N, C, h, w): (N * blocks, (block + 2 radius)^2, C)."""
    reach = block + 2 * radius
    x = F.pad(x.permute(0, 2, 3, 1), [0, 0, radius, radius, radius, radius])
    windows = x.unfold(1, reach, block).unfold(2, reach, block)
    return windows.permute(0, 1, 2, 4, 5, 3).reshape(-1, reach * reach, x.shape[3])


def at_once(images: Tensor) -> int:
    """Return how many of the images are correlated in one call: one on a CPU, all elsewhere."""
    return 1 if images.device.type == "cpu" else images.shape[0]


def diagonals(products: Tensor, n: int, rows: int, columns: int, radius: int, block: int) -> Tensor:
    """View products (N rows columns, block^2, reach^2) as (N, rows, block, columns, block, side, side)."""
    reach, side = block + 2 * radius, 2 * radius + 1
    one = block * block * reach * reach
    return products.as_strided(
        [n, rows, block, columns, block, side, side],
        [
            rows * columns * one,
            columns * one,
            block * reach * reach + reach,
            one,
            reach * reach + 1,
            reach,
            1,
        ],
    )


def correlate(query: Tensor, key: Tensor, radius: int, block: int) -> Tensor:
    """Return (N, h, w, side^2), h and w multiples of the block."""
    _, _, h, w = query.shape
    volumes: list[Tensor] = []
    for q, k in zip(torch.split(query, at_once(query)), torch.split(key, at_once(key))):  # noqa: B905 (TorchScript has no strict)
        products = torch.bmm(to_blocks(q, block), to_windows(k, radius, block).transpose(1, 2))
        volume = diagonals(products, q.shape[0], h // block, w // block, radius, block)
        volumes.append(volume.reshape(q.shape[0], h, w, -1))
    return torch.cat(volumes)


def gather(volume: Tensor, image: Tensor, radius: int, block: int) -> Tensor:
    """Return at each pixel the sum of its neighbours in image (N, C, h, w), weighted by volume (N, h, w,
    side^2)."""
    _, c, h, w = image.shape
    rows, columns, side, reach = h // block, w // block, 2 * radius + 1, block + 2 * radius
    sums: list[Tensor] = []
    for v, i in zip(torch.split(volume, at_once(volume)), torch.split(image, at_once(image)), strict=True):
        n = i.shape[0]
        products = v.new_zeros(n * rows * columns, block * block, reach * reach)
        diagonals(products, n, rows, columns, radius, block).copy_(
            v.reshape(n, rows, block, columns, block, side, side)
        )
        blocks = torch.bmm(products, to_windows(i, radius, block)).reshape(n, rows, columns, block, block, c)
        sums.append(blocks.permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w))
    return torch.cat(sums)


def seen_from_the_other(volume: Tensor, radius: int) -> Tensor:
    """Return the volume indexed by key pixel: entry -d at x + d where the volume has d at x."""
    n, h, w, count = volume.shape
    side, wide = 2 * radius + 1, w + 2 * radius
    padded = F.pad(volume, [0, 0, radius, radius, radius, radius])
    view = padded.as_strided(
        [n, h, w, side, side],
        [(h + 2 * radius) * wide * count, wide * count, count, wide * count - side, count - 1],
        count - 1,
    )
    return view.reshape(n, h, w, count)


class _Correlation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, radius: int, block: int) -> Tensor:
        ctx.save_for_backward(query, key)
        ctx.radius, ctx.block = radius, block
        return correlate(query, key, radius, block)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        query, key = ctx.saved_tensors
        gradient = gradient.to(query.dtype).contiguous()
        other = seen_from_the_other(gradient, ctx.radius)
        of_query = gather(gradient, key, ctx.radius, ctx.block)
        return of_query, gather(other, query, ctx.radius, ctx.block), None, None


def local_correlation(query: Tensor, key: Tensor, radius: int, block: int = 4) -> Tensor:
    """Return inner products of each query pixel with the key pixels around it.

    query, key: (N, C, h, w). Returns (N, h, w, (2 radius + 1)^2), zero outside the map; the offset of entry k
    is (k % side - radius, k // side - radius), x first. Channels lie last in memory, so that the next
    convolution needs no copy.
    """
    height, width = query.shape[-2], query.shape[-1]
    extra = [0, -width % block, 0, -height % block]
    query, key = F.pad(query, extra), F.pad(key, extra)
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        volume = correlate(query, key, radius, block)
    else:
        volume = _Correlation.apply(query, key, radius, block)  # type: ignore[no-untyped-call]
    return volume[:, :height, :width]
