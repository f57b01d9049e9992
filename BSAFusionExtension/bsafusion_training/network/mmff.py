"""MMFF: multi-modal feature fusion (BSAFusion, section "MMFF").

Fusion blocks go coarse to fine over the fixed image's features, the moving image's features warped with the
displacement (rescaled to each map), and the previous block's result; the last one adds the full-resolution
structure features.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .blocks import ConvBlock, RestormerBlock, double_size, side_by_side
from .warping import resize_field, warp


class FusionBLK(nn.Module):
    """Merge both images' features with the coarser result."""

    def __init__(self, features: int, previous: int, outputs: int, attention: bool) -> None:
        super().__init__()
        self.merge = ConvBlock(2 * features + previous, outputs, kernel=1 if attention else 3)
        self.refine: nn.Module = RestormerBlock(outputs) if attention else ConvBlock(outputs, outputs)

    def forward(self, fixed: Tensor, moving: Tensor, previous: Tensor) -> Tensor:
        """Map features (N, C, h, w) of both and the previous result (N, previous, h, w) to (N, outputs, h,
        w)."""
        return self.refine(self.merge(side_by_side([fixed, moving, previous.to(fixed.dtype)])))


class MMFF(nn.Module):
    """Fuse the structure features of a pair into one picture."""

    def __init__(self, structure: int, widths: list[int], fusion: list[int]) -> None:
        super().__init__()
        f0, f1, f2 = fusion
        self.coarse = FusionBLK(widths[1], 0, f2, attention=True)
        self.middle = FusionBLK(widths[0], f2, f1, attention=True)
        self.fine = FusionBLK(structure, f1, f0, attention=False)
        self.paint = nn.Conv2d(f0, 4, 3, padding=1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # type: ignore[arg-type]

    def aligned(self, features: Tensor, displacement: Tensor | None) -> Tensor:
        """Return the moving images' features (N, C, h, w) where the fixed ones are."""
        if displacement is None:
            return features
        field = resize_field(displacement, features.shape[2], features.shape[3])
        return warp(features.float(), field).to(features.dtype)

    def forward(
        self,
        structures: list[Tensor],
        fine: Tensor,
        fixed: Tensor,
        aligned: Tensor,
        displacement: Tensor | None,
    ) -> Tensor:
        """Fuse.

        structures: maps (2N, C, h, w) at scales 1/4 and 1/8, fixed first, then moving.
        fine: folded features (2N, C, H / 2, W / 2) of the fixed and the already aligned moving image.
        fixed, aligned: (N, 1, H, W), the fixed image and the moving image already aligned.
        displacement: (N, 2, H, W) in pixels, with which `structures` of the moving image are still to be
        warped; None if they are aligned.
        Returns (N, 1, H, W) in [0, 1]: the larger of both images, moved by at most half of the way to white
        or to black, so that bright images are not burnt out.
        """
        mine, other = structures[1].chunk(2)
        result = self.coarse(mine, self.aligned(other, displacement), mine[:, :0])
        mine, other = structures[0].chunk(2)
        result = self.middle(mine, self.aligned(other, displacement), double_size(result))
        mine, other = fine.chunk(2)
        result = self.fine(mine, other, double_size(result))
        change = torch.sigmoid(F.pixel_shuffle(self.paint(result).float(), 2)) - 0.5
        larger = torch.maximum(fixed, aligned)
        return torch.where(change > 0, larger + change * (1 - larger), larger * (1 + change))
