"""Mean weights of several runs from the same start: what each learnt by heart averages out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def mean_of(checkpoints: list[Path], out: Path) -> None:
    """Write a checkpoint to begin with (`train --start`, `export`): the mean of the averaged weights of
    several (Wortsman et al. 2022, "Model soups").

    Raises ValueError where they do not have the same weights.
    """
    states: list[dict[str, Any]] = [torch.load(c, map_location="cpu", weights_only=True) for c in checkpoints]
    averages = [state["average"] for state in states]
    shapes = [{name: value.shape for name, value in average.items()} for average in averages]
    for checkpoint, its in zip(checkpoints, shapes, strict=True):
        if its != shapes[0]:
            raise ValueError(
                f"{checkpoints[0]} and {checkpoint} hold networks of different sizes: "
                "take runs that began with the same weights."
            )
    mean = {}
    for name, first in averages[0].items():
        values = torch.stack([average[name] for average in averages])
        mean[name] = values.mean(0) if first.dtype.is_floating_point else first
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"recipe": states[0]["recipe"], "step": states[0]["step"], "average": mean}, out)
