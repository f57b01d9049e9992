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
        self.air = 0.04
        self.trust: Tensor
        self.register_buffer("trust", torch.ones(len(MODALITIES)), persistent=False)
        self.doubtful: Tensor
        self.register_buffer("doubtful", torch.tensor([-2.0, -1.0]), persistent=False)

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

        It is weakened by what is trusted to the modalities that the heads tell, and where the network hardly
        recognises what it sees (export sets both; by default neither weakens).
        """
        matching, structures, logits, _ = self.mdf_fr(F.avg_pool2d(pair, 2))
        a_and_b, _, _, volumes = self.bsfa(matching)
        of_fixed, of_moving = (torch.softmax(logits.float(), dim=1) @ self.trust.float()).chunk(2)
        kept = of_fixed * of_moving * self.recognised(pair, volumes)
        displacement = total_displacement(a_and_b) * kept[:, None, None, None]
        displacement = resize_field(displacement, pair.shape[2], pair.shape[3])
        return unfold_field(displacement[:, :, :height, :width]), structures

    def recognised(self, pair: Tensor, volumes: list[Tensor]) -> Tensor:
        """Return for each pair, (N,), 0 where matching is as uncertain as in anatomy never seen, 1 where it
        is certain.

        Certainty is the probability of the likeliest offset, averaged over what the images show, at scales
        1/8 and 1/4, and summed; `doubtful` holds where 0 ends and 1 begins.
        """
        fixed, moving = pair.float().chunk(2)
        shown = (torch.maximum(fixed, moving) > self.air).float().repeat(2, 1, 1, 1)
        certainty = torch.zeros(fixed.shape[0], device=pair.device)
        for volume in volumes[2:4]:
            stride = pair.shape[2] // volume.shape[1]
            seen = F.max_pool2d(shown, stride, stride)[:, 0]
            best = torch.softmax(volume.float(), dim=-1).amax(dim=-1)
            both = (best * seen).sum(dim=(1, 2)) / seen.sum(dim=(1, 2)).clamp_min(1.0)
            certainty = certainty + 0.5 * (both[: fixed.shape[0]] + both[fixed.shape[0] :])
        low, high = self.doubtful.float()[0], self.doubtful.float()[1]
        return ((certainty - low) / (high - low)).clamp(0.0, 1.0)

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
