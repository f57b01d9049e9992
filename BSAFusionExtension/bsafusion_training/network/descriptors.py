"""What can be said of a pixel's surroundings without learning, and hardly depends on contrast. Scriptable.

Fed to the encoder, it lets matching across modalities begin at once instead of after tens of thousands of
pairs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

CHANNELS = 10
EDGE = 0.02
"""Gradient, per two pixels, at which an edge counts half."""


class Descriptors(nn.Module):
    """Intensity, edge direction (normalised gradients, Haber & Modersitzki 2006) and self-similarity
    (MIND-SSC, Heinrich et al. 2013, in the plane)."""

    def __init__(self) -> None:
        super().__init__()
        self.faint = EDGE * EDGE
        axis = torch.arange(-2.0, 3.0)
        kernel = torch.exp(-0.5 * axis * axis)
        kernel = kernel / kernel.sum()
        self.kernel: Tensor
        self.register_buffer("kernel", kernel[:, None] * kernel[None], persistent=False)

    def blur(self, x: Tensor) -> Tensor:
        """Blur (M, C, H, W) by a Gaussian of one pixel."""
        channels = x.shape[1]
        weight = self.kernel.to(x.dtype).expand(channels, 1, 5, 5)
        return F.conv2d(x, weight, padding=2, groups=channels)

    def edges(self, images: Tensor) -> Tensor:
        """Return (M, 3, H, W): cosine and sine of twice the edge's angle, each times its strength, and the
        strength, 0 to 1; the same for an edge and its inverse."""
        x = F.pad(self.blur(images), [1, 1, 1, 1], mode="replicate")
        gx = x[:, :, 1:-1, 2:] - x[:, :, 1:-1, :-2]
        gy = x[:, :, 2:, 1:-1] - x[:, :, :-2, 1:-1]
        strength = gx * gx + gy * gy
        scale = 1.0 / (strength + self.faint)
        return torch.cat(((gx * gx - gy * gy) * scale, 2 * gx * gy * scale, strength * scale), dim=1)

    def self_similarity(self, images: Tensor) -> Tensor:
        """Return (M, 6, H, W), 0 to 1: how alike the four neighbours at two pixels are to each other, by
        pairs."""
        height, width = images.shape[2], images.shape[3]
        x = F.pad(images, [2, 2, 2, 2], mode="replicate")
        up, down = x[:, :, :height, 2:-2], x[:, :, 4:, 2:-2]
        left, right = x[:, :, 2:-2, :width], x[:, :, 2:-2, 4:]
        pairs = torch.cat((up - down, left - right, up - left, up - right, down - left, down - right), dim=1)
        distance = self.blur((pairs * pairs).contiguous(memory_format=torch.channels_last))
        distance = distance - distance.amin(dim=1, keepdim=True)
        spread = distance.mean(dim=1, keepdim=True)
        typical = spread.mean(dim=(1, 2, 3), keepdim=True)
        spread = torch.maximum(spread, 0.01 * typical + 1e-6)
        return torch.exp(-distance / spread)

    def forward(self, images: Tensor) -> Tensor:
        """Describe (M, 1, H, W) in [0, 1] by (M, CHANNELS, H, W), computed in single precision."""
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            return self.describe(images.float()).to(images.dtype)
        with torch.autocast(images.device.type, enabled=False):
            return self.describe(images.float()).to(images.dtype)

    def describe(self, images: Tensor) -> Tensor:
        """Describe (M, 1, H, W) in single precision."""
        return torch.cat((images, self.edges(images), self.self_similarity(images)), dim=1)
