"""How weights are changed: Muon for what mixes channels, AdamW for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

LEAST_ROWS, LEAST_COLUMNS = 4, 10
"""Smaller matrices, such as the kernels of depthwise convolutions, are left to AdamW."""

MOMENTUM = 0.95
UPDATE = 0.2
"""Root mean square of an update at rate 1, about that of AdamW (Liu et al. 2025, arXiv:2502.16982)."""


def orthogonal(matrices: Tensor) -> Tensor:
    """Return the matrices (..., rows, columns) with all their singular values brought near 1.

    Five Newton-Schulz steps in half precision (Jordan et al. 2024, "Muon").
    """
    upright = matrices.shape[-2] > matrices.shape[-1]
    wide = (matrices.mT if upright else matrices).bfloat16()
    wide = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        square = wide @ wide.mT
        wide = 3.4445 * wide + (2.0315 * square @ square - 4.7750 * square) @ wide
    return (wide.mT if upright else wide).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum whose direction is made orthogonal; convolutions count as matrices (outputs, inputs x
    kernel)."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float | Tensor, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002 (torch's signature)
        """Change the weights by one update; those of one shape together."""
        for group in self.param_groups:
            alike = defaultdict[torch.Size, list[Tensor]](list)
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[weight.flatten(1).shape].append(weight)
            for shape, weights in alike.items():
                ahead = torch.stack([self.ahead(weight) for weight in weights])
                updates = UPDATE * max(shape) ** 0.5 * orthogonal(ahead)
                for weight, update in zip(weights, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.sub_(group["lr"] * update.reshape(weight.shape))

    def ahead(self, weight: Tensor) -> Tensor:
        """Return where gradient and momentum lead, as a matrix (outputs, inputs x kernel)."""
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum: Tensor = state["momentum"]
        momentum.mul_(MOMENTUM).add_(weight.grad)  # type: ignore[arg-type]
        return (weight.grad + MOMENTUM * momentum).flatten(1)  # type: ignore[operator]


def make_optimisers(network: nn.Module, rate: float, decay: float) -> list[torch.optim.Optimizer]:
    """Return the optimisers that share the network's parameters between them.

    On a CUDA device their rate is a tensor there, so that a recorded step can be replayed at another rate.
    """
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for weight in network.parameters():
        mixes = weight.ndim > 1 and weight.shape[0] >= LEAST_ROWS and weight[0].numel() >= LEAST_COLUMNS
        (matrices if mixes else rest).append(weight)
    recorded = rest[0].is_cuda
    lr = torch.tensor(rate, device=rest[0].device) if recorded else rate
    return [
        Muon(matrices, lr=lr, weight_decay=decay),
        torch.optim.AdamW(rest, lr=lr, weight_decay=decay, capturable=recorded),
    ]


def set_rate(optimisers: list[torch.optim.Optimizer], rate: float) -> None:
    """Give all optimisers a rate, in place where it lies on the device."""
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
