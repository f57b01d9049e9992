"""Building blocks shared by the three parts. Scriptable."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .warping import resize


class ConvBlock(nn.Module):
    """3 x 3 convolution, batch normalisation (folded away at export), ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        padding = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        return F.relu(self.norm(self.conv(x)), inplace=True)


class Down(ConvBlock):
    """Halve the map with a 2 x 2 convolution, whose centre stays put under flips (a strided 3 x 3 shifts
    it)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, kernel=2, stride=2)


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = ConvBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        return x + self.second(self.first(x))


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape; free of copies in channels-last order."""
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MDTA(nn.Module):
    """Multi-Dconv head transposed attention: channels attend to channels (Restormer, Zamir et al. 2022, eq.
    2)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.local = nn.Conv2d(3 * channels, 3 * channels, 3, padding=1, groups=3 * channels)
        self.project = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        n, c, h, w = x.shape
        qkv = self.local(self.qkv(x)).reshape(n, 3, self.heads, c // self.heads, h * w)
        query, key, value = F.normalize(qkv[:, 0], dim=-1), F.normalize(qkv[:, 1], dim=-1), qkv[:, 2]
        attention = torch.softmax(query @ key.transpose(-2, -1) * self.temperature, dim=-1)
        mixed = (attention.to(value.dtype) @ value).reshape(n, c, h, w)
        return self.project(mixed.contiguous(memory_format=torch.channels_last))


class GDFN(nn.Module):
    """Gated-Dconv feed-forward network (Restormer, Zamir et al. 2022, eq. 3)."""

    def __init__(self, channels: int, expansion: int = 2) -> None:
        super().__init__()
        hidden = channels * expansion
        self.expand = nn.Conv2d(channels, 2 * hidden, 1)
        self.local = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden)
        self.project = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        gate, value = self.local(self.expand(x)).chunk(2, dim=1)
        return self.project(F.gelu(gate) * value)


class RestormerBlock(nn.Module):
    """Channel attention, then the gated feed-forward network, each around a shortcut."""

    def __init__(self, channels: int, heads: int = 4, expansion: int = 2) -> None:
        super().__init__()
        self.norm_attention = ChannelNorm(channels)
        self.attention = MDTA(channels, heads)
        self.norm_forward = ChannelNorm(channels)
        self.feed_forward = GDFN(channels, expansion)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        x = x + self.attention(self.norm_attention(x))
        return x + self.feed_forward(self.norm_forward(x))


def double_size(x: Tensor) -> Tensor:
    """Return the map at twice the height and width, bilinear, outer edges kept."""
    return resize(x, 2 * x.shape[2], 2 * x.shape[3])


def side_by_side(maps: list[Tensor]) -> Tensor:
    """Return maps (N, C, h, w) as one with all their channels, which lie last in memory: in any other order
    the next convolution would copy them all once more."""
    ordered: list[Tensor] = []
    for x in maps:
        if x.shape[1] > 0:
            ordered.append(x.contiguous(memory_format=torch.channels_last))  # noqa: PERF401 (TorchScript has no "if" in comprehensions)
    return torch.cat(ordered, dim=1)
