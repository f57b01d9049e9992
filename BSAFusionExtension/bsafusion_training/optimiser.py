"""How weights are changed: Muon for what mixes channels, AdamW for the rest."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

LEAST_ROWS, LEAST_COLUMNS = 4, 10
"""Smaller matrices, such as the kernels of depthwise convolutions, are left to AdamW."""

MOMENTUM = 0.95
UPDATE = 0.2
"""Root mean square of an update at rate 1, about that of AdamW (Liu et al. 2025, arXiv:2502.16982)."""


def orthogonal(matrix: Tensor) -> Tensor:
    """Return the matrix (rows, columns) with all its singular values brought near 1.

    Five Newton-Schulz steps in half precision (Jordan et al. 2024, "Muon").
    """
    x = matrix.bfloat16()
    wide = x if x.shape[0] <= x.shape[1] else x.T
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(5):
        square = wide @ wide.T
        wide = 3.4445 * wide + (2.0315 * square @ square - 4.7750 * square) @ wide
    return (wide if x.shape[0] <= x.shape[1] else wide.T).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum whose direction is made orthogonal; convolutions count as matrices (outputs, inputs x
    kernel)."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002 (torch's signature)
        """Change the weights by one update."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    update = self.direction(weight)
                    weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=group["lr"])

    def direction(self, weight: Tensor) -> Tensor:
        """Return the next update of a weight, of its shape."""
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"]
        momentum.mul_(MOMENTUM).add_(weight.grad)
        ahead = (weight.grad + MOMENTUM * momentum).flatten(1)
        return (UPDATE * max(ahead.shape) ** 0.5 * orthogonal(ahead)).reshape(weight.shape)


def make_optimisers(network: nn.Module, rate: float, decay: float) -> list[torch.optim.Optimizer]:
    """Return the optimisers that share the network's parameters between them."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for weight in network.parameters():
        mixes = weight.ndim > 1 and weight.shape[0] >= LEAST_ROWS and weight[0].numel() >= LEAST_COLUMNS
        (matrices if mixes else rest).append(weight)
    return [
        Muon(matrices, lr=rate, weight_decay=decay),
        torch.optim.AdamW(rest, lr=rate, weight_decay=decay),
    ]
