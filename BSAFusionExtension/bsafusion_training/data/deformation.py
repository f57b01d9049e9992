"""Random smooth deformations, in pixels of their own map, as displacements (N, 2, H, W), x first."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ..network.folding import jacobian_determinant

PUBLISHED_SIGMA, PUBLISHED_TAPS, PUBLISHED_GAIN, PUBLISHED_SHIFT = 16.0, 101, 256.0, 2.56


def gaussian_blur(x: Tensor, sigma: float, taps: int | None = None) -> Tensor:
    """Blur (N, C, H, W) by a separable Gaussian, zero outside; sigma in pixels."""
    reach = (taps or 2 * math.ceil(3 * sigma) + 1) // 2
    axis = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (axis / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(x, kernel, padding=(0, reach), groups=x.shape[1])
    return F.conv2d(x, kernel.transpose(2, 3), padding=(reach, 0), groups=x.shape[1])


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Return uniform random numbers in [low, high) on the generator's device."""
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def published_field(
    count: int, height: int, width: int, strength: float, generator: torch.Generator
) -> Tensor:
    """Return the deformation that the published test pairs were made with (mean length 4 px at strength 1).

    Noise in [-1, 1] per axis, blurred by a Gaussian of 16 px (101 taps) times 256, and a shift in +-2.56 px.
    """
    noise = uniform((count, 2, height, width), -1, 1, generator)
    field = PUBLISHED_GAIN * gaussian_blur(noise, PUBLISHED_SIGMA, PUBLISHED_TAPS)
    return strength * (field + uniform((count, 2, 1, 1), -PUBLISHED_SHIFT, PUBLISHED_SHIFT, generator))


def elastic_field(count: int, size: int, sigma: float, generator: torch.Generator) -> Tensor:
    """Return a smooth field (count, 2, size, size) of unit standard deviation per axis, correlated over
    sigma pixels."""
    step = max(1, int(sigma // 3))
    margin = 4
    coarse = size // step + 2 * margin
    noise = torch.randn((count, 2, coarse, coarse), generator=generator, device=generator.device)
    scaled = sigma / step
    field = gaussian_blur(noise, scaled) * (2 * math.sqrt(math.pi) * scaled)
    return F.interpolate(field[..., margin:-margin, margin:-margin], size=(size, size), mode="bicubic")


def affine_field(matrix: Tensor, shift: Tensor, size: int) -> Tensor:
    """Return the displacement of x -> matrix x + shift about the map's centre; matrix (N, 2, 2), shift (N,
    2), in pixels."""
    axis = torch.arange(size, device=matrix.device, dtype=matrix.dtype) - (size - 1) / 2
    points = torch.stack((axis.expand(size, size), axis[:, None].expand(size, size)))
    eye = torch.eye(2, device=matrix.device)
    return torch.einsum("nij,jhw->nihw", matrix - eye, points) + shift[:, :, None, None]


def random_affine(
    count: int, size: int, degrees: float, scale: float, shift: float, generator: torch.Generator
) -> Tensor:
    """Return random rotations, scalings, shears (a third of the rotation) and shifts, each uniform up to its
    bound."""
    angle = uniform((count,), -1, 1, generator) * math.radians(degrees)
    shear = uniform((count,), -1, 1, generator) * math.radians(degrees) / 3
    factor = 1 + uniform((count, 2), -scale, scale, generator)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack((cosine, -sine, sine, cosine), dim=1).reshape(count, 2, 2)
    skew = torch.eye(2, device=generator.device).repeat(count, 1, 1)
    skew[:, 0, 1] = torch.tan(shear)
    return affine_field(
        rotation @ skew * factor[:, None], uniform((count, 2), -shift, shift, generator), size
    )


def tame(field: Tensor, floor: float = 0.2) -> Tensor:
    """Return the field with those samples weakened that come near folding, so that every deformation has an
    inverse."""
    for _ in range(12):
        least = jacobian_determinant(field).amin(dim=(1, 2, 3))
        field = torch.where((least < floor)[:, None, None, None], field * 0.85, field)
    return field


def training_field(count: int, size: int, pixels: float, generator: torch.Generator) -> Tensor:
    """Return the mix of deformations the network learns from, (count, 2, size, size).

    pixels: image pixels per map pixel; the amounts below are in image pixels.
    One in eight is none at all; two thirds are the published family at 0 to 3 times its strength, weak ones
    more often; the rest mixes elastic fields of four scales with affine motion, every part at random strength
    from none upward.
    """
    mix = torch.zeros(count, 2, size, size, device=generator.device)
    for sigma, most in ((8.0, 1.5), (16.0, 5.0), (32.0, 7.0), (64.0, 8.0)):
        amount = uniform((count, 1, 1, 1), -most, most, generator).clamp_min(0)
        mix = mix + amount / pixels * elastic_field(count, size, sigma / pixels, generator)
    strength = uniform((count, 1, 1, 1), -0.5, 1, generator).clamp_min(0)
    mix = mix + strength * random_affine(count, size, 10.0, 0.08, 10.0 / pixels, generator)
    # Standard deviation per axis of blurred uniform noise: gain / sqrt(3) / (2 sigma sqrt(pi)).
    spread = PUBLISHED_GAIN / math.sqrt(3) / (2 * PUBLISHED_SIGMA * math.sqrt(math.pi))
    published = spread * elastic_field(count, size, PUBLISHED_SIGMA / pixels, generator)
    published = published + uniform((count, 2, 1, 1), -PUBLISHED_SHIFT, PUBLISHED_SHIFT, generator)
    published = published * 3 * uniform((count, 1, 1, 1), 0, 1, generator) ** 2 / pixels
    draw = uniform((count, 1, 1, 1), 0, 1, generator)
    field = torch.where(draw < 0.78, published, mix)
    return tame(torch.where(draw < 0.12, torch.zeros_like(field), field))
