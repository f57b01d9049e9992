"""The whole network: MDF-FR describes, BSFA aligns, MMFF fuses."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .bsfa import BSFA, total_displacement
from .folding import unfold_field
from .mdf_fr import MDFFR, MODALITIES
from .mmff import MMFF
from .warping import resize_field, warp


@dataclass(frozen=True)
class NetworkSize:
    """Channel counts; fine to coarse except step, which goes coarse to fine as the steps do."""

    structure: int = 16
    widths: list[int] = field(default_factory=lambda: [32, 64, 80, 96, 128])
    matching: list[int] = field(default_factory=lambda: [32, 48, 64, 64, 64])
    step: list[int] = field(default_factory=lambda: [32, 48, 64, 48, 48])
    fusion: list[int] = field(default_factory=lambda: [24, 32, 32])
    exchange: bool = True


@dataclass
class Trace:
    """What the losses look at besides the results; see BSFA and MDFFR for shapes."""

    field: Tensor
    befores: list[Tensor]
    predictions: list[Tensor]
    volumes: list[Tensor]
    logits: Tensor
    summary: Tensor


def pad_to_stride(images: Tensor, stride: int = 64) -> Tensor:
    """Extend right and bottom with zeros to multiples of the stride; (M, 1, H, W)."""
    return F.pad(images, [0, -images.shape[3] % stride, 0, -images.shape[2] % stride])


class BSAFusion(nn.Module):
    """Registers and fuses in one stage.

    Images are (N, 1, H, W) float in [0, 1], any H, W >= 32; displacements (N, 2, H, W) in pixels, x first;
    aligned(x) = moving(x + displacement(x)).
    """

    def __init__(self, size: NetworkSize | None = None) -> None:
        super().__init__()
        size = size or NetworkSize()
        self.mdf_fr = MDFFR(size.structure, size.widths, size.matching, size.exchange)
        self.bsfa = BSFA(size.matching, size.step)
        self.mmff = MMFF(size.structure, size.widths, size.fusion)
        self.trust: Tensor
        self.register_buffer("trust", torch.ones(len(MODALITIES)), persistent=False)

    def trace(self, half: Tensor, steps: int = 5) -> Trace:
        """Describe and align a pair at half its resolution, (2N, 1, H / 2, W / 2), fixed first; for training.

        Registration looks at half the resolution: displacements are smooth, and a fourth of the work is left.
        """
        matching, _, logits, summary = self.mdf_fr(half)
        a_and_b, befores, predictions, volumes = self.bsfa(matching, steps)
        return Trace(a_and_b, befores, predictions, volumes, logits, summary)

    def align(self, pair: Tensor, height: int, width: int) -> tuple[Tensor, list[Tensor]]:
        """Return the displacement (N, 2, height, width) of a padded pair, without folds, and the structure
        features met on the way.

        It is weakened by what is trusted to the modalities that the heads tell (export sets it; 1 leaves it).
        """
        matching, structures, logits, _ = self.mdf_fr(F.avg_pool2d(pair, 2))
        a_and_b, _, _, _ = self.bsfa(matching)
        of_fixed, of_moving = (torch.softmax(logits.float(), dim=1) @ self.trust.float()).chunk(2)
        displacement = total_displacement(a_and_b) * (of_fixed * of_moving)[:, None, None, None]
        displacement = resize_field(displacement, pair.shape[2], pair.shape[3])
        return unfold_field(displacement[:, :, :height, :width]), structures

    def fuse(
        self, structures: list[Tensor], fixed: Tensor, aligned: Tensor, displacement: Tensor | None
    ) -> Tensor:
        """Return the fused picture (N, 1, H, W) from coarse structure features of the padded pair."""
        height, width = fixed.shape[2], fixed.shape[3]
        mine, other = pad_to_stride(fixed), pad_to_stride(aligned)
        if displacement is not None:
            extra = [0, mine.shape[3] - width, 0, mine.shape[2] - height]
            displacement = F.pad(displacement, extra, mode="replicate")
        fine = self.mdf_fr.fine(torch.cat((mine, other)))
        fused = self.mmff(structures, fine, mine, other, displacement)
        return fused[:, :, :height, :width]

    def forward(self, fixed: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
        """Return fused (N, 1, H, W) in [0, 1] and displacement (N, 2, H, W)."""
        pair = pad_to_stride(torch.cat((fixed, moving)))
        displacement, structures = self.align(pair, fixed.shape[2], fixed.shape[3])
        aligned = warp(moving.float(), displacement).to(moving.dtype)
        return self.fuse(structures, fixed, aligned, displacement), displacement

    @torch.jit.export
    def register(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the displacement alone, (N, 2, H, W)."""
        pair = pad_to_stride(torch.cat((fixed, moving)))
        return self.align(pair, fixed.shape[2], fixed.shape[3])[0]

    @torch.jit.export
    def blend(self, fixed: Tensor, aligned: Tensor) -> Tensor:
        """Return the fused picture (N, 1, H, W) of images that are already aligned."""
        structures = self.mdf_fr.structures(pad_to_stride(torch.cat((fixed, aligned))))
        return self.fuse(structures, fixed, aligned, None)
