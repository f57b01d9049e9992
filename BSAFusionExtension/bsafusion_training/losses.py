"""What the network is trained with: the paper's losses, and matching and motion losses that the known truth
allows."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .data.deformation import gaussian_blur
from .network.folding import differences
from .network.warping import resize, resize_field, warp


def ssim_map(x: Tensor, y: Tensor) -> Tensor:
    """Return the structural similarity of (N, 1, H, W) images in [0, 1], per pixel (Wang et al. 2004,
    Gaussian 1.5)."""
    stacked = gaussian_blur(torch.cat((x, y, x * x, y * y, x * y), dim=1), 1.5)
    mx, my, xx, yy, xy = stacked.chunk(5, dim=1)
    luminance = (2 * mx * my + 1e-4) / (mx * mx + my * my + 1e-4)
    structure = (2 * (xy - mx * my) + 9e-4) / (xx - mx * mx + yy - my * my + 9e-4)
    return luminance * structure


def gradients(x: Tensor) -> Tensor:
    """Return Sobel gradients (N, 2, H, W) of (N, 1, H, W)."""
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across, down = x[..., :-2] - x[..., 2:], x[..., :-2, :] - x[..., 2:, :]
    across = across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]
    down = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    return torch.cat((across, down), dim=1) / 4


def correlation(x: Tensor, y: Tensor) -> Tensor:
    """Return the normalised cross-correlation of each pair of images, (N,)."""
    x, y = x.flatten(1), y.flatten(1)
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    return (x * y).sum(1) / torch.sqrt((x * x).sum(1) * (y * y).sum(1) + 1e-6)


def fusion_loss(fused: Tensor, fixed: Tensor, aligned: Tensor) -> Tensor:
    """Return the paper's fusion loss: similarity to both, nearness to the larger, the stronger of both
    gradients; and what the sum of the correlations of differences (Aslantas & Bendes 2015) lacks of two.

    The gradient keeps its direction: of each pixel's two vectors the longer one is wanted. The last part
    keeps the fainter image from being lost.
    """
    similar = 2 - ssim_map(fused, fixed).mean() - ssim_map(fused, aligned).mean()
    near = F.l1_loss(fused, torch.maximum(fixed, aligned))
    of_fixed, of_aligned = gradients(fixed), gradients(aligned)
    longer = of_fixed.norm(dim=1, keepdim=True) >= of_aligned.norm(dim=1, keepdim=True)
    edges = F.l1_loss(gradients(fused), torch.where(longer, of_fixed, of_aligned))
    lack = 2 - correlation(fused - aligned, fixed).mean() - correlation(fused - fixed, aligned).mean()
    return 0.5 * similar + 0.25 * near + 8.0 * edges + 0.05 * lack


def alignment_loss(aligned: Tensor, target: Tensor) -> Tensor:
    """Return the paper's registration loss between the warped moving image and the true aligned one, and what
    their correlation lacks of one."""
    lack = 1 - correlation(aligned, target).mean()
    return (1 - ssim_map(aligned, target)).mean() + F.l1_loss(aligned, target) + 3 * lack


def smoothness(field: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring displacements."""
    across, down = differences(field)
    return across.square().mean() + down.square().mean()


def remaining(field: Tensor, truth: Tensor) -> Tensor:
    """Return what is left to find in the middle space, (2N, 2, h, w), both in pixels of the same map.

    field: a of the fixed images, then b of the moving ones; truth: displacement of the fixed, then of the
    moving pixels.
    A fixed pixel at x + a(x) has its like at x + a + u(x + a), which the moving side looks for from x + b(x).
    """
    return field + warp(truth, field, padding="border") - torch.roll(field, field.shape[0] // 2, dims=0)


def motion_loss(prediction: Tensor, left: Tensor, weight: Tensor) -> Tensor:
    """Return the mean end-point error, weighted; (2N, 2, h, w) each, weight (2N, 1, h, w)."""
    error = torch.sqrt((prediction - left).square().sum(dim=1, keepdim=True) + 1e-4)
    return (error * weight).sum() / weight.sum()


def matching_loss(logits: Tensor, left: Tensor, weight: Tensor, radius: int) -> Tensor:
    """Return the cross entropy of the true offset, spread over its four neighbours; offsets out of reach do
    not count.

    logits: (2N, h, w, (2 radius + 1)^2); left: (2N, 2, h, w); weight: (2N, 1, h, w).
    """
    side = 2 * radius + 1
    logs = F.log_softmax(logits.float(), dim=-1)
    inside = (left.abs() < radius - 1e-3).all(dim=1)
    offset = left.clamp(-radius, radius - 1e-3) + radius
    lower = offset.floor()
    part = offset - lower
    x, y = lower[:, 0].long(), lower[:, 1].long()
    px, py = part[:, 0], part[:, 1]
    score = torch.zeros_like(px)
    for dy, wy in ((0, 1 - py), (1, py)):
        for dx, wx in ((0, 1 - px), (1, px)):
            index = (y + dy) * side + x + dx
            score = score + wx * wy * logs.gather(-1, index[..., None])[..., 0]
    wanted = weight[:, 0] * inside
    return -(score * wanted).sum() / wanted.sum().clamp_min(1.0)


def modality_losses(logits: Tensor, judged: Tensor, modality: Tensor) -> tuple[Tensor, Tensor]:
    """Return the classification loss of the heads and the discrepancy loss of the exchanged features.

    logits, judged: (2N, modalities); modality: (2N,). The second wants both images of a pair to look half
    and half.
    """
    classification = F.cross_entropy(logits, modality)
    mine = F.one_hot(modality, logits.shape[1]).float()
    half = 0.5 * (mine + torch.roll(mine, mine.shape[0] // 2, dims=0))
    return classification, F.cross_entropy(judged, half)


def resize_weight(weight: Tensor, like: Tensor) -> Tensor:
    """Return the weight (2N, 1, h, w) on the map of `like`."""
    return resize(weight, like.shape[-2], like.shape[-1])


def resize_truth(truth: Tensor, like: Tensor) -> Tensor:
    """Return true displacements in pixels of the map of `like`."""
    return resize_field(truth, like.shape[-2], like.shape[-1])
