"""BSFA: bidirectional stepwise feature alignment (BSAFusion, section "BSFA").

Five scales, coarse to fine. Both images move towards each other: every step predicts what is left for the
fixed image's features and for the moving image's, and each side goes half of it. With the accumulated fields
a (fixed) and b (moving), fixed(x + a(x)) and moving(x + b(x)) meet in the middle; by path independence the
displacement from the fixed to the moving image is b after the inverse of a, taken exactly rather than as the
difference b - a.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .blocks import ConvBlock, Down, double_size, side_by_side
from .correlation import local_correlation
from .warping import compose, invert, resize_field, warp

RADII = (1, 2, 2, 3, 2)
"""Search radius, in pixels of the map, at scales 1/32, 1/16, 1/8, 1/4 and 1/2."""


def unit_length(features: Tensor) -> Tensor:
    """Return features (M, C, h, w) of length one at every pixel.

    First each channel's mean and spread over the map are taken out: what all pixels share tells none apart.
    """
    mean = features.mean(dim=(2, 3), keepdim=True)
    centred = features - mean
    spread = centred.square().mean(dim=(2, 3), keepdim=True)
    whitened = centred * torch.rsqrt(spread + 1e-5)
    return whitened * torch.rsqrt(whitened.square().sum(dim=1, keepdim=True) + 1e-6)


class Step(nn.Module):
    """One scale's step: the correlation's centre of mass, gated and corrected by a small hourglass.

    The hourglass reads the correlation, and its lower floors carry motion into flat areas.
    """

    def __init__(
        self, features: int, radius: int, width: int, floors: int, previous: int, halve: bool
    ) -> None:
        super().__init__()
        self.radius = radius
        self.halve = halve
        self.temperature = nn.Parameter(torch.tensor(10.0))
        self.habit = nn.Parameter(torch.zeros((2 * radius + 1) ** 2))
        inputs = (2 * radius + 1) ** 2 + 3 + features
        self.read: nn.Module = Down(inputs, width) if halve else ConvBlock(inputs, width, kernel=1)
        self.join = ConvBlock(width + previous + 2, width)
        self.descend = nn.ModuleList(
            [nn.Sequential(Down(width, width), ConvBlock(width, width)) for _ in range(floors)]
        )
        self.ascend = nn.ModuleList([ConvBlock(width, width) for _ in range(floors)])
        self.finish = ConvBlock(width, width)
        self.predict = nn.Conv2d(width, 3, 3, padding=1)
        nn.init.zeros_(self.predict.weight)
        nn.init.zeros_(self.predict.bias)  # type: ignore[arg-type]
        axis = torch.arange(-radius, radius + 1, dtype=torch.float32)
        offsets = torch.stack((axis.repeat(2 * radius + 1), axis.repeat_interleave(2 * radius + 1)), dim=1)
        self.offsets: Tensor
        self.register_buffer("offsets", offsets, persistent=False)

    def correlate(self, query: Tensor, key: Tensor) -> Tensor:
        """Return matching logits (M, h, w, (2 radius + 1)^2) of unit-length features.

        Their habit is how often each offset occurs; features need not learn it.
        """
        likeness = local_correlation(query, key, self.radius)
        return likeness * self.temperature.to(likeness.dtype) + self.habit.to(likeness.dtype)

    def forward(
        self, query: Tensor, key: Tensor, motion: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predict where each query pixel finds its like among the key's.

        query, key: (M, C, h, w); motion: (M, 2, h', w') found so far, memory: (M, previous, h', w') of the
        last step, where h' is h, or h / 2 for the step that halves.
        Returns the remaining displacement (M, 2, h', w') in pixels of the h' map, bounded by tanh, the new
        memory (M, width, h', w') and the matching logits (M, h, w, (2 radius + 1)^2).
        """
        logits = self.correlate(query, key)
        match = torch.softmax(logits, dim=-1)
        mean = (match @ self.offsets.to(match.dtype)).permute(0, 3, 1, 2)
        sure = match.amax(dim=-1, keepdim=True).permute(0, 3, 1, 2)
        read = self.read(side_by_side([logits.permute(0, 3, 1, 2), sure, mean, query]))
        x = self.join(side_by_side([read, memory.to(read.dtype), motion.to(read.dtype) / self.radius]))
        floors = [x]
        for descend in self.descend:
            floors.append(descend(floors[-1]))
        x = floors.pop()
        for ascend in self.ascend:
            x = ascend(floors.pop() + double_size(x))
        x = self.finish(x)
        if self.halve:
            mean = 0.5 * F.avg_pool2d(mean, 2)
        raw = self.predict(x).float()
        bound = (self.radius + 1.0) / (2.0 if self.halve else 1.0)
        guess = raw[:, :2] + torch.sigmoid(raw[:, 2:]) * mean
        return torch.tanh(guess / bound) * bound, x, logits


class BSFA(nn.Module):
    """Five steps from both sides."""

    def __init__(self, matching: list[int], widths: list[int]) -> None:
        super().__init__()
        floors = (0, 1, 2, 2, 2)
        previous = [0, *widths[:-1]]
        self.steps = nn.ModuleList(
            [
                Step(matching[4 - i], RADII[i], widths[i], floors[i], previous[i], halve=i == 4)
                for i in range(5)
            ]
        )

    def forward(
        self, features: list[Tensor], steps: int = 5
    ) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
        """Align the pair.

        features: five maps (2N, C, h, w), coarse to fine, fixed first, then moving.
        steps: stop after so many steps.
        Returns the accumulated fields (2N, 2, H/4, W/4) in pixels of that map (a of the fixed images, then b
        of the moving ones), and for every step its field before, its full prediction and its matching logits;
        their rows are (fixed looks for moving, moving looks for fixed).
        """
        first = features[0]
        half = first.shape[0] // 2
        field = torch.zeros(first.shape[0], 2, first.shape[2], first.shape[3], device=first.device)
        memory = torch.zeros(first.shape[0], 0, first.shape[2], first.shape[3], device=first.device)
        befores: list[Tensor] = []
        predictions: list[Tensor] = []
        volumes: list[Tensor] = []
        for i, step in enumerate(self.steps):
            if i < steps:
                height, width = features[i].shape[2], features[i].shape[3]
                if i > 0 and i < 4:
                    memory = double_size(memory)
                    field = resize_field(field, height, width)
                field = field.detach()
                moved = warp(unit_length(features[i].float()), resize_field(field, height, width))
                moved = moved.to(features[i].dtype).contiguous(memory_format=torch.channels_last)
                motion = torch.roll(field, half, dims=0) - field
                prediction, memory, logits = step(moved, torch.roll(moved, half, dims=0), motion, memory)
                befores.append(field)
                predictions.append(prediction)
                volumes.append(logits)
                field = field + 0.5 * torch.roll(prediction, half, dims=0)
        return field, befores, predictions, volumes


def total_displacement(field: Tensor) -> Tensor:
    """Return the displacement of the fixed image's pixels: b after the inverse of a (path independence).

    field: (2N, 2, h, w), a of the fixed images, then b of the moving ones; returns (N, 2, h, w).
    """
    fixed, moving = field.chunk(2)
    return compose(invert(fixed), moving)
