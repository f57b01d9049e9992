"""Mix the weights of two networks of one lineage: what a special one knows, and what a general one knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .trainer import FUSION_PARTS


def mix(first: Path, second: Path, share: float, out: Path) -> None:
    """Write a checkpoint to begin with (`train --start`, `export`): the averaged weights of the first and, as
    far as share goes, of the second (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").

    What fuses is the second's alone: it is learnt anew on the mixed registration.
    Raises ValueError where the two do not have the same weights.
    """
    mixed: dict[str, Any] = torch.load(first, map_location="cpu", weights_only=True)
    mine = mixed["average"]
    other = torch.load(second, map_location="cpu", weights_only=True)["average"]
    if {name: value.shape for name, value in mine.items()} != {n: v.shape for n, v in other.items()}:
        raise ValueError(f"{first} and {second} hold networks of different sizes: mix those of one lineage.")
    for name, value in mine.items():
        if name.startswith(FUSION_PARTS):
            mine[name] = other[name]
        elif value.dtype.is_floating_point:
            mine[name] = torch.lerp(value, other[name], share)
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"recipe": mixed["recipe"], "average": mine}, out)
