"""The sum that training makes small, and its parts for the log."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .data.batches import Batch
from .losses import (
    alignment_loss,
    fusion_loss,
    matching_loss,
    modality_losses,
    motion_loss,
    remaining,
    resize_truth,
    resize_weight,
    smoothness,
)
from .network import BSAFusion
from .network.bsafusion import Trace
from .network.bsfa import RADII, total_displacement
from .network.warping import resize_field, warp

STEP_WEIGHTS = (0.3, 0.4, 0.6, 1.0, 1.5)
BACKGROUND = 0.03


@dataclass(frozen=True)
class LossWeights:
    """Weights of the parts; 0 switches a part off. Motion is counted in image pixels."""

    motion: float = 0.05
    matching: float = 1.0
    smoothness: float = 0.02
    classification: float = 0.1
    discrepancy: float = 0.02
    alignment: float = 0.3
    fusion: float = 1.0


def head_weight(batch: Batch) -> Tensor:
    """Return (2n, 1, H/4, W/4): one where there is a head, little in the air; in the fixed, then in the
    moving frame."""
    heads = torch.cat((torch.maximum(batch.fixed, batch.target), batch.moving))
    solid = F.max_pool2d(F.avg_pool2d((heads > 0.04).float(), 4), 5, 1, 2)
    return BACKGROUND + solid


def alignment_losses(trace: Trace, batch: Batch) -> dict[str, Tensor]:
    """Return the motion, matching and smoothness losses, summed over the five steps."""
    truth, weight = torch.cat((batch.forward, batch.backward)), head_weight(batch)
    total: dict[str, Tensor] = {name: weight.new_zeros(()) for name in ("motion", "matching", "smoothness")}
    for i, before in enumerate(trace.befores):
        prediction, logits = trace.predictions[i], trace.volumes[i]
        at_step = warp(resize_weight(weight, before), before, padding="border")
        left = remaining(before, resize_truth(truth, before))
        pixels = batch.fixed.shape[-1] / before.shape[-1]
        total["motion"] = total["motion"] + STEP_WEIGHTS[i] * pixels * motion_loss(prediction, left, at_step)
        size = logits.shape[1:3]
        fine = left if size == left.shape[-2:] else resize_field(left, size[0], size[1])
        fine_weight = F.interpolate(at_step, size=size, mode="bilinear", align_corners=False)
        total["matching"] = total["matching"] + matching_loss(logits, fine, fine_weight, RADII[i]) / 5
        total["smoothness"] = total["smoothness"] + smoothness(prediction)
    return total


def picture_losses(network: BSAFusion, trace: Trace, batch: Batch) -> dict[str, Tensor]:
    """Return the alignment loss and the fusion loss on the clean pairs of the batch.

    Half of them are fused as found (features warped with the predicted field), half as if aligned perfectly.
    """
    count, size = batch.clean, batch.fixed.shape[-1]
    displacement = resize_field(total_displacement(trace.field), size, size)[:count]
    fixed, moving, target = batch.fixed[:count], batch.moving[:count], batch.target[:count]
    aligned = warp(moving, displacement)
    found = (count + 1) // 2
    structures = network.mdf_fr.structures(torch.cat((fixed, moving[:found], target[found:])))
    mine, other = [s[:count] for s in structures], [s[count:] for s in structures]
    first = [torch.cat((m[:found], o[:found])) for m, o in zip(mine, other, strict=True)]
    field = displacement[:found].detach()
    fused = [network.fuse(first, fixed[:found], aligned[:found].detach(), field)]
    if found < count:
        second = [torch.cat((m[found:], o[found:])) for m, o in zip(mine, other, strict=True)]
        fused.append(network.fuse(second, fixed[found:], target[found:], None))
    with torch.autocast(fixed.device.type, enabled=False):  # variances cancel in half precision
        fusion = fusion_loss(torch.cat(fused), fixed, target)
        return {"alignment": alignment_loss(aligned, target), "fusion": fusion}


def objective(
    network: BSAFusion, judge: nn.Linear, batch: Batch, weights: LossWeights, steps: int = 5
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss to descend and its parts.

    judge: the discriminator, a frozen copy of the classifier of an earlier epoch.
    """
    trace = network.trace(torch.cat((batch.fixed, batch.moving)), steps)
    parts = alignment_losses(trace, batch)
    parts["classification"], parts["discrepancy"] = modality_losses(
        trace.logits.float(), judge(trace.summary).float(), batch.modality
    )
    if batch.clean:
        parts.update(picture_losses(network, trace, batch))
    total = sum(
        (getattr(weights, name) * part for name, part in parts.items()), start=batch.fixed.new_zeros(())
    )
    return total, {name: float(part.detach()) for name, part in parts.items()}
