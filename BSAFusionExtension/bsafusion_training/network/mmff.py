"""MMFF: multi-modal feature fusion (BSAFusion, section "MMFF").

Fusion blocks go coarse to fine over the fixed image's features, the moving image's features warped with the
displacement (rescaled to each map), and the previous block's result; the last one adds the full-resolution
structure features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .blocks import ConvBlock, RestormerBlock, double_size
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
        return self.refine(self.merge(torch.cat((fixed, moving, previous.to(fixed.dtype)), dim=1)))


class MMFF(nn.Module):
    """Fuse the structure features of a pair into one picture."""

    def __init__(self, structure: list[int], widths: list[int], fusion: list[int]) -> None:
        super().__init__()
        f0, f1, f2, f3 = fusion
        self.blocks = nn.ModuleList(
            [
                FusionBLK(widths[1], 0, f3, attention=True),
                FusionBLK(widths[0], f3, f2, attention=True),
                FusionBLK(structure[1], f2, f1, attention=False),
                FusionBLK(structure[0], f1, f0, attention=False),
            ]
        )
        self.paint = nn.Conv2d(f0, 1, 3, padding=1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # type: ignore[arg-type]

    def forward(
        self, structures: list[Tensor], fixed: Tensor, aligned: Tensor, displacement: Tensor | None
    ) -> Tensor:
        """Fuse.

        structures: four maps (2N, C, h, w) at scales 1, 1/2, 1/4, 1/8, fixed first, then moving.
        fixed, aligned: (N, 1, H, W), the fixed image and the moving image already aligned.
        displacement: (N, 2, H, W) in pixels, with which the moving features are still to be warped; None if
        they are aligned.
        Returns (N, 1, H, W) in [0, 1]: the larger of both images, changed by at most one half either way.
        """
        result = structures[3][:0]
        for i, block in enumerate(self.blocks):
            mine, other = structures[3 - i].chunk(2)
            if displacement is not None:
                other = warp(other.float(), resize_field(displacement, other.shape[2], other.shape[3])).to(
                    mine.dtype
                )
            previous = mine[:, :0] if i == 0 else double_size(result)
            result = block(mine, other, previous)
        change = torch.sigmoid(self.paint(result).float()) - 0.5
        return (torch.maximum(fixed, aligned) + change).clamp(0.0, 1.0)
