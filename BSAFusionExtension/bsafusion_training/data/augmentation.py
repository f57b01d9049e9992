"""What happens to intensities, so that the network depends on no one scanner. Images are (N, 1, H, W) in [0,
1]; 0 stays 0."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ..network.warping import resize
from .deformation import elastic_field, gaussian_blur, uniform

KNOTS = 8


def chance(count: int, probability: float | Tensor, generator: torch.Generator) -> Tensor:
    """Return (count, 1, 1, 1) booleans, true with the given probability."""
    return uniform((count, 1, 1, 1), 0, 1, generator) < probability


def through_curve(images: Tensor, heights: Tensor) -> Tensor:
    """Map intensities through piecewise linear curves; heights (N, KNOTS + 1) at equal distances over [0,
    1]."""
    position = (images.clamp(0, 1) * KNOTS).flatten(1)
    lower = position.floor().clamp(max=KNOTS - 1).long()
    below, above = heights.gather(1, lower), heights.gather(1, lower + 1)
    return torch.lerp(below, above, position - lower).reshape(images.shape)


def random_contrast(images: Tensor, synthetic: float, generator: torch.Generator) -> Tensor:
    """Change contrast pixel by pixel: gamma and gain, a random rising curve, or (with the given share) any
    curve at all."""
    n = images.shape[0]
    gamma = torch.exp(uniform((n, 1, 1, 1), -0.45, 0.45, generator))
    gain = uniform((n, 1, 1, 1), 0.7, 1.6, generator)
    plain = (images.clamp_min(1e-6) ** gamma * gain) * (images > 0)
    rising = F.pad(uniform((n, KNOTS), 0.15, 1.85, generator).cumsum(1) / KNOTS, (1, 0))
    free = F.pad(uniform((n, KNOTS), 0.0, 1.0, generator), (1, 0))
    result = torch.where(chance(n, 0.25, generator), through_curve(images, rising), plain)
    result = torch.where(chance(n, synthetic, generator), through_curve(images, free), result)
    return torch.where(chance(n, 0.65, generator), images, result).clamp(0, 1)


def random_blur(images: Tensor, least: float, most: float, generator: torch.Generator) -> Tensor:
    """Blur each image by a mixture of the least and the most, standard deviations in pixels."""
    share = uniform((images.shape[0], 1, 1, 1), 0, 1, generator)
    return torch.lerp(gaussian_blur(images, least), gaussian_blur(images, most), share)


def paint_functional(images: Tensor, generator: torch.Generator) -> Tensor:
    """Paint PET- or SPECT-like pictures from MRI slices: any contrast, blurred to 5 to 15 mm, with regional
    defects."""
    small = F.avg_pool2d(images, 2)
    n, size = small.shape[0], small.shape[-1]
    heights = F.pad(uniform((n, KNOTS), 0.0, 1.0, generator), (1, 0))
    uptake = through_curve(small, heights)
    uptake = uptake * (1 + 0.35 * elastic_field(n, size, 10.0, generator)[:, :1]).clamp(0, 2)
    painted = random_blur(uptake, 1.0, 2.2, generator)
    brightest = painted.amax(dim=(1, 2, 3), keepdim=True).clamp_min(0.1)
    painted = (painted / brightest - 0.04).clamp_min(0) / 0.96
    return resize(painted, images.shape[-2], images.shape[-1]).clamp(0, 1)


def vary_regions(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Make regions of a share of the images brighter or darker, as uptake and coils do, so that no patient
    can be known by his texture."""
    n, size = images.shape[0], images.shape[-1]
    field = uniform((n, 1, 1, 1), 0, 0.4, generator) * elastic_field(n, size, size / 20, generator)[:, :1]
    return torch.where(chance(n, share, generator), images * (1 + field).clamp(0.2, 2), images).clamp(0, 1)


def limit_field_of_view(images: Tensor, generator: torch.Generator) -> Tensor:
    """Black out a band of up to a third along one random edge."""
    n, _, height, width = images.shape
    share = uniform((n, 1, 1, 1), 0, 0.33, generator)
    rows = torch.linspace(0, 1, height, device=images.device)[None, None, :, None].expand(n, 1, height, width)
    columns = torch.linspace(0, 1, width, device=images.device)[None, None, None, :].expand(
        n, 1, height, width
    )
    position = torch.where(chance(n, 0.5, generator), rows, columns)
    position = torch.where(chance(n, 0.5, generator), position, 1 - position)
    return images * (position >= share)


def degrade(images: Tensor, generator: torch.Generator) -> Tensor:
    """Add to half of the images what scanners add: bias field, blur, coarse pixels, noise, a smaller field of
    view; each by chance."""
    n, _, height, width = images.shape
    untouched = images
    bias = torch.exp(0.25 * elastic_field(n, height, 60.0, generator)[:, :1])
    images = torch.where(chance(n, 0.3, generator), images * bias, images)
    blur = random_blur(images, 0.5, 1.6, generator)
    images = torch.where(chance(n, 0.15, generator), blur, images)
    coarse = resize(F.avg_pool2d(images, 2), height, width)
    images = torch.where(chance(n, 0.1, generator), coarse, images)
    noise = torch.randn(images.shape, generator=generator, device=images.device)
    noise = noise * uniform((n, 1, 1, 1), -0.06, 0.03, generator).clamp_min(0)
    images = (images + noise).abs()
    images = torch.where(chance(n, 0.1, generator), limit_field_of_view(images, generator), images)
    return torch.where(chance(n, 0.5, generator), untouched, images.clamp(0, 1))
