"""MDF-FR: modality-discrepancy-free feature representation (BSAFusion, section "MDF-FR").

One encoder serves both images. Tokens of the coarsest map carry a class token per image, the modality feature
representation head (MFRH), which learns to tell the modality. Each image's head is added to the *other*
image's tokens; what comes out of the second stage should no longer tell the modality.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .blocks import ConvBlock, Down, Residual, RestormerBlock, double_size
from .descriptors import CHANNELS, Descriptors

MODALITIES = ("mr", "ct", "pet", "spect")


class TokenStage(nn.Module):
    """One transformer layer over patch tokens; its position encoding is a convolution, so any map size
    fits."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm_attention = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.norm_forward = nn.LayerNorm(channels)
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels)
        )

    def forward(self, head: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Map head (N, 1, C) and patches (N, C, h, w) to the same shapes."""
        n, c, h, w = patches.shape
        patches = patches + self.position(patches)
        x = torch.cat((head.to(patches.dtype), patches.flatten(2).transpose(1, 2)), dim=1)
        qkv = self.qkv(self.norm_attention(x)).reshape(n, h * w + 1, 3, self.heads, c // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(n, h * w + 1, c)
        x = x + self.project(mixed)
        x = x + self.feed_forward(self.norm_forward(x))
        return x[:, :1], x[:, 1:].transpose(1, 2).reshape(n, c, h, w)


class MFRH(nn.Module):
    """Modality feature representation heads and their exchange between the two images of a pair."""

    def __init__(self, channels: int, exchange: bool = True) -> None:
        super().__init__()
        self.exchange = exchange
        self.head = nn.Parameter(torch.zeros(1, 1, channels))
        self.first_stage = TokenStage(channels)
        self.second_stage = TokenStage(channels)
        self.classifier = nn.Linear(channels, len(MODALITIES))

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Exchange the heads of the pair.

        patches: (2N, C, h, w), fixed images first, then moving ones.
        Returns the second stage's patches (2N, C, h, w), modality logits of the heads (2N, modalities), and
        the mean of the second stage's tokens (2N, C), which the discriminator judges.
        """
        heads, tokens = self.first_stage(self.head.expand(patches.shape[0], -1, -1), patches)
        logits = self.classifier(heads[:, 0])
        if self.exchange:
            other = torch.roll(heads, heads.shape[0] // 2, dims=0)
            tokens = tokens + other.transpose(1, 2)[..., None]
        _, tokens = self.second_stage(heads, tokens)
        return tokens, logits, tokens.mean(dim=(2, 3))


class MDFFR(nn.Module):
    """Shared encoder: structure features for fusion, and features at five scales for matching."""

    def __init__(self, structure: int, widths: list[int], matching: list[int], exchange: bool = True) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        m1, m2, m3, m4, m5 = matching
        self.structure = ConvBlock(4, structure)
        self.descriptors = Descriptors()
        self.level1 = nn.Sequential(ConvBlock(4 * CHANNELS, w1), ConvBlock(w1, w1))
        self.level2 = nn.Sequential(Down(w1, w2), Residual(w2))
        self.level3 = nn.Sequential(Down(w2, w3), Residual(w3))
        self.level4 = nn.Sequential(Down(w3, w4), RestormerBlock(w4))
        self.level5 = Down(w4, w5)
        self.mfrh = MFRH(w5, exchange)
        self.lateral = nn.ModuleList(
            [nn.Conv2d(a, b, 1) for a, b in ((w5, w4), (w4, w3), (w3, w2), (w2, w1))]
        )
        self.smooth = nn.ModuleList([ConvBlock(c, c) for c in (w4, w3, w2, w1)])
        self.out = nn.ModuleList(
            [nn.Conv2d(a, b, 1) for a, b in ((w5, m5), (w4, m4), (w3, m3), (w2, m2), (w1, m1))]
        )

        self.direct = nn.Conv2d(4 * CHANNELS, m1, 1)

    def describe(self, half: Tensor) -> Tensor:
        """Return descriptors of half-resolution images (M, 1, h, w) as (M, 4 CHANNELS, h / 2, w / 2)."""
        folded = F.pixel_unshuffle(self.descriptors(half), 2)
        return folded.contiguous(memory_format=torch.channels_last)

    def fine(self, images: Tensor) -> Tensor:
        """Return structure features of (M, 1, H, W) at full resolution, folded: (M, C, H / 2, W / 2).

        The four pixels of a square lie in the channels: the same work in a shape that processors do fast.
        """
        return self.structure(F.pixel_unshuffle(images, 2))

    def structures(self, images: Tensor) -> list[Tensor]:
        """Return structure features of (M, 1, H, W) at scales 1/4 and 1/8, as registration sees them."""
        quarter = self.level1(self.describe(F.avg_pool2d(images, 2)))
        return [quarter, self.level2(quarter)]

    def forward(self, images: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor]:
        """Describe both images.

        images: (2N, 1, H, W), fixed first, then moving; H and W multiples of 32.
        Returns matching features (scales 1/32, 1/16, 1/8, 1/4, 1/2), structure features (scales 1/2 and 1/4,
        as `structures`), modality logits (2N, modalities) and the discriminator's input (2N, C).
        """
        described = self.describe(images)
        one = self.level1(described)
        two = self.level2(one)
        three = self.level3(two)
        four = self.level4(three)
        x, logits, summary = self.mfrh(self.level5(four))
        skips = [four, three, two, one]
        features = [x]
        for i, (lateral, smooth) in enumerate(zip(self.lateral, self.smooth)):  # noqa: B905 (TorchScript has no strict)
            x = smooth(skips[i] + double_size(lateral(x)))
            features.append(x)
        matching: list[Tensor] = []
        for i, out in enumerate(self.out):
            matching.append(out(features[i]))
        matching[4] = matching[4] + self.direct(described)
        return matching, [one, two], logits, summary
