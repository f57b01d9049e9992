"""Training batches, made on the device that trains: choose, paint, deform, degrade."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ..network.mdf_fr import MODALITIES
from ..network.warping import compose, invert, resize_field, warp
from .augmentation import chance, degrade, paint_functional, random_contrast, vary_regions
from .bodies import BodyMaker
from .deformation import elastic_field, random_affine, training_field, uniform
from .pairs import Pairs

SHARES = {"CT-MRI": 0.4, "PET-MRI": 0.25, "SPECT-MRI": 0.35}
FIELD_STRIDE = 4


@dataclass(frozen=True)
class Variety:
    """How much the pairs are changed, beyond the deformation to find.

    plain: share of pairs left nearly as they are; the others teach variety, and of these:
    mixed: share that is mixed from two pairs of one modality: no patient, and so no patient to know by heart;
    what is aligned stays aligned.
    painted: share of PET and SPECT pictures that are painted from the MRI, in whole or in part.
    shaded: share of images whose regions become brighter or darker.
    finer: most of the elastic field of 16 pixels that changes anatomy, standard deviation in pixels of the
    map.
    bodies: share of all pairs that are bodies of random shape instead of patients.
    """

    plain: float = 0.4
    mixed: float = 0.5
    painted: float = 0.5
    shaded: float = 0.5
    finer: float = 0.5
    bodies: float = 0.4


@dataclass(frozen=True)
class Batch:
    """One training batch of n pairs.

    fixed, moving: (n, 1, H, W) in [0, 1], as the network sees them.
    target, deformed: the moving image without noise, undeformed and as deformed as moving.
    forward, backward: (n, 2, h, w), true displacements in pixels of that map, of fixed and of moving pixels;
    its pixels are four image pixels wide.
    modality: (2n,) indices, fixed images first.
    pixel: image pixels per pixel of fixed, moving and target.
    """

    fixed: Tensor
    moving: Tensor
    target: Tensor
    deformed: Tensor
    forward: Tensor
    backward: Tensor
    modality: Tensor
    pixel: int


def shrink(images: Tensor, size: int) -> Tensor:
    """Return images (N, C, H, W) at size x size pixels, without aliasing."""
    if images.shape[-1] == size:
        return images
    return F.interpolate(images, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


class BatchMaker:
    """Draws batches from the training pairs; everything random comes from one generator, so a run can resume
    exactly."""

    def __init__(
        self, sets: dict[str, Pairs], device: torch.device, seed: int, variety: Variety | None = None
    ) -> None:
        self.variety = variety or Variety()
        self.generator = torch.Generator(device).manual_seed(seed)
        self.device = device
        self.bodies = BodyMaker(self.generator)
        self.fixed = torch.cat([pairs.fixed for pairs in sets.values()])[:, None].to(device)
        self.moving = torch.cat([pairs.moving for pairs in sets.values()])[:, None].to(device)
        self.modality = torch.cat([pairs.modality for pairs in sets.values()]).to(device)
        sizes = torch.tensor([len(pairs) for pairs in sets.values()])
        self.size = sizes.repeat_interleave(sizes).to(device)
        self.start = (sizes.cumsum(0) - sizes).repeat_interleave(sizes).to(device)
        shares = torch.cat([torch.full((len(p),), SHARES[name] / len(p)) for name, p in sets.items()])
        self.reached = (shares / shares.sum()).cumsum(0).to(device)

    def choose(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the indices of `count` pairs, each set drawn by its share, and of another pair of the same
        set for each; nothing waits for the device."""
        g = self.generator
        index = torch.searchsorted(self.reached, uniform((count,), 0, 1, g)).clamp_max(len(self.reached) - 1)
        partner = self.start[index] + (uniform((count,), 0, 1, g) * self.size[index]).long()
        return index, partner

    def pick(self, count: int, size: int, plain: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return fixed and moving images (count, 1, size, size) and the moving ones' modality; those that are
        not plain are mixed and painted by chance."""
        g = self.generator
        index, partner = self.choose(count)
        share = uniform((count, 1, 1, 1), 0.5, 0.9, g)
        share = torch.where(~plain & chance(count, self.variety.mixed, g), share, 1.0)
        fixed, moving = (
            shrink(torch.lerp(images[partner] / 255.0, images[index] / 255.0, share), size)
            for images in (self.fixed, self.moving)
        )
        modality = self.modality[index]
        functional = (modality != MODALITIES.index("ct"))[:, None, None, None]
        painted = ~plain & chance(count, self.variety.painted, g) & functional
        paint = torch.lerp(moving, paint_functional(fixed, g), uniform((count, 1, 1, 1), 0.3, 1, g))
        return fixed, torch.where(painted, paint, moving), modality

    def invent(self, fixed: Tensor, moving: Tensor, modality: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Put bodies that nobody has in the place of some pairs."""
        count, size = fixed.shape[0], fixed.shape[-1]
        if self.variety.bodies == 0:
            return fixed, moving, modality
        chosen = chance(count, self.variety.bodies, self.generator)
        first, second, its = self.bodies.draw(count, size)
        modality = torch.where(chosen.flatten(), its, modality)
        return torch.where(chosen, first, fixed), torch.where(chosen, second, moving), modality

    def draw(
        self, count: int, size: int, easy: float | Tensor = 0.0, pixel: int = 1, clean: bool = False
    ) -> Batch:
        """Make one batch of `count` pairs.

        easy: share of pairs whose moving image is the fixed one in another contrast. pixel: 2 gives images of
        half the resolution, as registration sees them. clean: without what scanners add.
        The whole field of view is drawn at size x size pixels; deformations keep their strength in pixels.
        """
        g = self.generator
        same = chance(count, easy, g)
        plain = ~same & chance(count, self.variety.plain, g)
        fixed, moving, second = self.pick(count, size, plain)
        first = torch.zeros_like(second)
        fixed, moving = F.avg_pool2d(fixed, pixel), F.avg_pool2d(moving, pixel)
        fixed, moving, second = self.invent(fixed, moving, second)
        fixed = torch.where(plain, fixed, vary_regions(fixed, self.variety.shaded, g))
        moving = torch.where(plain, moving, vary_regions(moving, self.variety.shaded, g))
        moving, second = torch.where(same, fixed, moving), torch.where(same.flatten(), first, second)
        fixed = torch.where(plain, fixed, random_contrast(fixed, 0.05, g))
        moving = torch.where(plain, moving, random_contrast(moving, 0.05, g))
        swap = ~plain & chance(count, 0.3, g)
        fixed, moving = torch.where(swap, moving, fixed), torch.where(swap, fixed, moving)
        first, second = torch.where(swap.flatten(), second, first), torch.where(swap.flatten(), first, second)
        fixed, moving = self.turn(fixed, moving)
        return self.deform(fixed, moving, torch.cat((first, second)), pixel, clean, plain)

    def turn(self, fixed: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
        """Flip both images left-right or top-bottom, together."""
        for dims, probability in (((3,), 0.5), ((2,), 0.1)):
            flip = chance(fixed.shape[0], probability, self.generator)
            fixed, moving = (
                torch.where(flip, fixed.flip(dims), fixed),
                torch.where(flip, moving.flip(dims), moving),
            )
        return fixed, moving

    def deform(
        self, fixed: Tensor, moving: Tensor, modality: Tensor, pixel: int, clean: bool, plain: Tensor
    ) -> Batch:
        """Move both images together (another patient), then the moving one alone (what there is to find)."""
        g, n, size = self.generator, fixed.shape[0], fixed.shape[-1]
        small = size * pixel // FIELD_STRIDE
        shape = random_affine(n, small, 8.0, 0.08, 8.0 / FIELD_STRIDE, g)
        shape = shape + uniform((n, 1, 1, 1), 0, 0.8, g) * elastic_field(n, small, 32.0 / FIELD_STRIDE, g)
        finer = uniform((n, 1, 1, 1), 0, self.variety.finer, g)
        shape = shape + finer * elastic_field(n, small, 16.0 / FIELD_STRIDE, g)
        shape = shape * torch.where(plain, 0.25, 1.0)
        backward = training_field(n, small, float(FIELD_STRIDE), g)
        forward = invert(backward, 25)
        together = resize_field(shape, size, size)
        fixed, target = warp(fixed, together), warp(moving, together)
        deformed = warp(moving, resize_field(compose(backward, shape), size, size))
        moving = deformed if clean else torch.where(plain, deformed, degrade(deformed, g))
        fixed = fixed if clean else torch.where(plain, fixed, degrade(fixed, g))
        return Batch(fixed, moving, target, deformed, forward, backward, modality, pixel)
