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
    gradients,
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
from .network.warping import resize, resize_field, warp

MOTION_SHARES = (0.3, 0.4, 0.6, 1.0, 1.5)
MATCHING_SHARES = (0.1, 0.1, 0.2, 0.3, 0.5)
BACKGROUND = 0.03


@dataclass(frozen=True)
class LossWeights:
    """Weights of the parts of registration; 0 switches a part off. Motion is counted in image pixels."""

    motion: float = 0.1
    matching: float = 1.0
    smoothness: float = 0.02
    classification: float = 0.1
    discrepancy: float = 0.02
    alignment: float = 2.0


def worth(batch: Batch) -> Tensor:
    """Return what an error costs on the map of the true displacements, (2n, 1, h, w).

    In the fixed, then in the moving frame: little in the air, more in the head, most where the moving image
    has edges. What happens in flat areas can hardly be seen, and is not let drown what can.
    """
    stride = batch.fixed.shape[-1] // batch.forward.shape[-1]
    heads = torch.cat((torch.maximum(batch.fixed, batch.target), batch.moving))
    solid = F.max_pool2d(F.avg_pool2d((heads > 0.04).float(), stride), 5, 1, 2)
    edges = gradients(torch.cat((batch.target, batch.deformed))).norm(dim=1, keepdim=True)
    edges = F.avg_pool2d(F.avg_pool2d(edges, stride), 3, 1, 1, count_include_pad=False)
    usual = (edges * solid).sum(dim=(1, 2, 3)) / solid.sum(dim=(1, 2, 3)).clamp_min(1)
    edges = edges / usual.clamp_min(1e-3)[:, None, None, None]
    return BACKGROUND + solid * (0.3 + 0.7 * edges).clamp_max(4.0)


def step_losses(trace: Trace, batch: Batch) -> dict[str, Tensor]:
    """Return the motion, matching and smoothness losses, summed over the five steps."""
    truth, weight = torch.cat((batch.forward, batch.backward)), worth(batch)
    total: dict[str, Tensor] = {name: weight.new_zeros(()) for name in ("motion", "matching", "smoothness")}
    for i, before in enumerate(trace.befores):
        prediction, logits = trace.predictions[i], trace.volumes[i]
        at_step = warp(resize_weight(weight, before), before, padding="border")
        left = remaining(before, resize_truth(truth, before))
        pixels = batch.pixel * batch.fixed.shape[-1] / before.shape[-1]
        motion = pixels * motion_loss(prediction, left, at_step)
        total["motion"] = total["motion"] + MOTION_SHARES[i] * motion
        size = logits.shape[1:3]
        fine = left if size == left.shape[-2:] else resize_field(left, size[0], size[1])
        fine_weight = resize(at_step, size[0], size[1])
        matching = matching_loss(logits, fine, fine_weight, RADII[i])
        total["matching"] = total["matching"] + MATCHING_SHARES[i] * matching
        total["smoothness"] = total["smoothness"] + smoothness(prediction)
    return total


def registration_objective(
    network: BSAFusion, judge: nn.Linear, batch: Batch, weights: LossWeights, steps: int = 5
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of MDF-FR and BSFA and its parts; the batch holds images of half the resolution.

    judge: the discriminator, a frozen copy of the classifier of an earlier epoch.
    """
    trace = network.trace(torch.cat((batch.fixed, batch.moving)), steps)
    parts = step_losses(trace, batch)
    parts["classification"], parts["discrepancy"] = modality_losses(
        trace.logits.float(), judge(trace.summary).float(), batch.modality
    )
    size = batch.fixed.shape[-1]
    aligned = warp(batch.deformed, resize_field(total_displacement(trace.field), size, size))
    with torch.autocast(aligned.device.type, enabled=False):  # variances cancel in half precision
        parts["alignment"] = alignment_loss(aligned, batch.target)
    total = sum(
        (getattr(weights, name) * part for name, part in parts.items()), start=batch.fixed.new_zeros(())
    )
    return total, {name: part.detach() for name, part in parts.items()}


def fusion_objective(network: BSAFusion, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of MMFF; the batch is clean and of full resolution.

    Half of the pairs are fused as found (features warped with the predicted field), half as if aligned
    perfectly.
    """
    fixed, moving, target, found = batch.fixed, batch.moving, batch.target, (len(batch.fixed) + 1) // 2
    with torch.no_grad():
        displacement = network.register(fixed[:found], moving[:found])
        aligned = warp(moving[:found], displacement)
    structures = network.mdf_fr.structures(torch.cat((fixed[:found], moving[:found])))
    fused = [network.fuse(structures, fixed[:found], aligned, displacement)]
    if found < len(fixed):
        fused.append(network.blend(fixed[found:], target[found:]))
    with torch.autocast(fixed.device.type, enabled=False):
        loss = fusion_loss(torch.cat(fused), fixed, target)
    return loss, {"fusion": loss.detach()}
