"""Pictures of the pairs that a network aligns worst, to be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from .data.pairs import Pairs
from .evaluation import Fuse, Scores, Trial, make_trial
from .network.warping import warp

ERROR_SHOWN = 8.0
"""End-point error, in pixels, that is drawn white."""


def grey(image: Tensor) -> NDArray[np.uint8]:
    """Return (1, 1, H, W) in [0, 1] as bytes (H, W, 3)."""
    values = (image[0, 0].clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return np.repeat(values[..., None], 3, axis=2)


def over(fixed: Tensor, moving: Tensor) -> NDArray[np.uint8]:
    """Return both images in one: fixed in magenta, moving in green; what agrees is grey."""
    one, other = grey(fixed), grey(moving)
    one[..., 1] = other[..., 1]
    return one


def row(trial: Trial, fused: Tensor, displacement: Tensor) -> NDArray[np.uint8]:
    """Return before, after, truth, fused and the end-point error side by side."""
    error = (displacement - trial.truth).norm(dim=1, keepdim=True) * trial.head / ERROR_SHOWN
    pictures = [
        over(trial.fixed, trial.moving),
        over(trial.fixed, warp(trial.moving, displacement)),
        over(trial.fixed, trial.target),
        grey(fused),
        grey(error),
    ]
    return np.concatenate(pictures, axis=1)


@torch.inference_mode()
def draw_worst(
    fuse: Fuse, pairs: Pairs, scores: Scores, strength: float, seed: int, path: Path, count: int = 10
) -> list[str]:
    """Write a picture of the pairs with the greatest mean error, worst first; return their names.

    scores: the network's, as evaluate gives them for the same pairs, strength and seed.
    """
    order = np.argsort(scores["error mean"])[::-1][:count]
    rows = []
    for index in order:
        trial = make_trial(pairs, int(index), strength, seed)
        rows.append(row(trial, *fuse(trial.fixed, trial.moving)))
    Image.fromarray(np.concatenate(rows)).save(path, optimize=True)
    return [pairs.names[index] for index in order]
