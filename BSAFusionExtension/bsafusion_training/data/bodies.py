"""Bodies that nobody has: fat, organs and bones of random shape, as MR and as CT or PET show them.

Aligned by construction and new in every batch, they teach matching without any patient to know by heart
(after Hoffmann et al. 2022, "SynthMorph").
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ..network.mdf_fr import MODALITIES
from ..network.warping import resize
from .augmentation import chance, random_blur
from .deformation import elastic_field, gaussian_blur, uniform

AIR, SKIN, FAT, ORGANS, CORTEX, MARROW = 0, 1, 2, 3, 9, 10
"""Labels; those from ORGANS to CORTEX are six organs or muscles."""
BRIGHTNESS = {
    "mr": ((0.0, 0.0), (0.1, 0.6), (0.3, 1.0), *[(0.05, 0.7)] * 6, (0.0, 0.15), (0.2, 1.0)),
    "ct": ((0.0, 0.0), (0.3, 0.5), (0.15, 0.35), *[(0.35, 0.5)] * 6, (0.75, 1.0), (0.3, 0.65)),
    "pet": ((0.0, 0.0), (0.0, 0.4), (0.0, 0.15), *[(0.0, 0.6)] * 6, (0.0, 0.2), (0.0, 0.5)),
}
"""Least and most brightness of each label, as windowed."""
CT_SHARE = 0.6


class BodyMaker:
    """Draws bodies; nothing it does waits for the device. Lengths are shares of half the map, which is
    size x size pixels."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator, self.device = generator, generator.device
        ranges = {name: torch.tensor(values, device=self.device) for name, values in BRIGHTNESS.items()}
        self.ranges = {name: values[:, :, None, None] for name, values in ranges.items()}

    def random(self, count: int, low: float, high: float) -> Tensor:
        """Return (count, 1, 1, 1) uniform random numbers."""
        return uniform((count, 1, 1, 1), low, high, self.generator)

    def noise(self, count: int, channels: int, size: int, width: float) -> Tensor:
        """Return smooth noise (count, channels, size, size) of standard deviation 1; width in 1/256 of the
        map."""
        fields = [
            elastic_field(count, size, max(width * size / 256, 1.0), self.generator)
            for _ in range(-(-channels // 2))
        ]
        return torch.cat(fields, dim=1)[:, :channels]

    def blob(self, size: int, centre: tuple[Tensor, Tensor], radii: tuple[Tensor, Tensor]) -> Tensor:
        """Return a wobbling ellipse (n, 1, size, size): above 0 inside, 1 at most at its centre."""
        axis = torch.linspace(-1, 1, size, device=self.device)
        x, y = axis[None, :], axis[:, None]
        distance = torch.sqrt(((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2)
        count = centre[0].shape[0]
        return 1 - distance + self.random(count, 0.02, 0.12) * self.noise(count, 1, size, 36.0)

    def labels(self, n: int, size: int) -> Tensor:
        """Return label maps (n, 1, size, size): one body or two limbs, each with a rim of fat."""
        u, g = self.random, self.generator
        limb, half = chance(n, 0.4, g), u(n, 0.35, 0.48)
        one = self.blob(size, (u(n, -0.1, 0.1), u(n, -0.1, 0.1)), (u(n, 0.45, 0.85), u(n, 0.45, 0.85)))
        left, right = (
            self.blob(size, (side * (half + u(n, 0, 0.05)), u(n, -0.1, 0.1)), (half, u(n, 0.35, 0.7)))
            for side in (-1, 1)
        )
        body = torch.where(limb, torch.maximum(left, right), one)
        inner = body - u(n, 0.03, 0.35) - 0.06 * self.noise(n, 1, size, 24.0) > 0
        parts = self.noise(n, 6, size, 30.0) + 0.5 * self.noise(n, 6, size, 12.0)
        best = parts.topk(2, dim=1)
        between = (best.values[:, :1] - best.values[:, 1:] < u(n, 0.03, 0.12)) & chance(n, 0.6, g)
        label = torch.where(inner & ~between, best.indices[:, :1] + ORGANS, FAT)
        label = self.with_bones(label, body, torch.where(limb, half, u(n, -0.35, 0.35)), limb)
        label = torch.where(body < u(n, 0.01, 0.04), SKIN, label)
        return torch.where(body > 0, label, AIR)

    def with_bones(self, label: Tensor, body: Tensor, middle: Tensor, limb: Tensor) -> Tensor:
        """Return the label maps with one or two bones around +-middle, and by chance a skull beneath the
        skin."""
        u, n, size = self.random, label.shape[0], label.shape[-1]
        first, second = (
            self.blob(
                size,
                (torch.where(limb, side * middle + u(n, -0.05, 0.05), u(n, -0.5, 0.5)), u(n, -0.3, 0.3)),
                (u(n, 0.07, 0.28), u(n, 0.07, 0.28)),
            )
            for side in (1, -1)
        )
        second = torch.where(chance(n, 0.6, self.generator), second, -1.0)
        bone = torch.maximum(first, second)
        beneath = body - u(n, 0.06, 0.15)
        skull = (beneath > 0) & (beneath < u(n, 0.04, 0.12)) & chance(n, 0.3, self.generator)
        label = torch.where(bone > 0, MARROW, label)
        return torch.where((bone > 0) & (bone < u(n, 0.15, 0.5)) | skull, CORTEX, label)

    def show(self, label: Tensor, modality: str, alike: float) -> Tensor:
        """Return label maps in random brightness of a modality; a share of them has organs that are nearly
        alike."""
        n, low, high = label.shape[0], *self.ranges[modality].unbind(1)
        values = low + (high - low) * uniform((n, len(low), 1, 1), 0, 1, self.generator)
        organs = values[:, ORGANS:CORTEX]
        mean = organs.mean(dim=1, keepdim=True)
        near = torch.where(chance(n, alike, self.generator), mean + 0.25 * (organs - mean), organs)
        values = torch.cat((values[:, :ORGANS], near, values[:, CORTEX:]), dim=1)
        return values[:, :, 0, 0].gather(1, label.flatten(1)).reshape(label.shape)

    def texture(self, count: int, size: int, most: float) -> Tensor:
        """Return factors (count, 1, size, size) about 1, fine and coarse."""
        fine, coarse = self.noise(count, 1, size, 4.0), self.noise(count, 1, size, 24.0)
        return 1 + self.random(count, 0, most) * (fine + coarse)

    def window(self, count: int, size: int, share: float) -> Tensor:
        """Return fields of view (count, 1, size, size), 0 or 1, cut by up to two fifths at some of their
        sides."""
        axis = torch.linspace(0, 1, size, device=self.device)
        view = torch.ones(count, 1, size, size, device=self.device)
        for line in (axis[None, :], axis[:, None]):
            for side in (line, 1 - line):
                cut = self.random(count, 0.05, 0.4) * chance(count, share, self.generator)
                view = view * (side >= cut)
        return view

    def draw(self, n: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return MR and CT or PET images (n, 1, size, size) in [0, 1], and the second ones' modality (n,)."""
        label = self.labels(n, size)
        mr = self.show(label, "mr", 0.6) * self.texture(n, size, 0.15)
        ct = self.show(label, "ct", 0.6) * self.texture(n, size, 0.04)
        mr, ct = (random_blur(image, 0.3, 1.0, self.generator) for image in (mr, ct))
        grain = gaussian_blur(torch.randn(ct.shape, generator=self.generator, device=self.device), 0.7)
        ct = ct + self.random(n, -0.07, 0.12).clamp_min(0) * grain * (ct > 0)
        uptake = self.show(label, "pet", 0.0) * self.texture(n, size, 0.15)
        pet = resize(gaussian_blur(F.avg_pool2d(uptake, 2), 2.0), size, size)
        pet = pet / pet.amax(dim=(1, 2, 3), keepdim=True).clamp_min(0.1)
        of_ct = chance(n, CT_SHARE, self.generator)
        moving = torch.where(of_ct, ct * self.window(n, size, 0.15), pet)
        modality = torch.where(of_ct.flatten(), MODALITIES.index("ct"), MODALITIES.index("pet"))
        return (mr * self.window(n, size, 0.3)).clamp(0, 1), moving.clamp(0, 1), modality
