"""What parts of a trained network contribute: alignment with them switched off, without training anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .data.pairs import Pairs
from .evaluation import judge_alignment, make_trial
from .network import BSAFusion
from .network.bsafusion import pad_to_stride
from .network.bsfa import total_displacement
from .network.folding import unfold_field
from .network.warping import compose, resize_field, warp

Register = Callable[[Tensor, Tensor], Tensor]


def first_steps(network: BSAFusion, steps: int) -> Register:
    """Return registration that stops after so many of the five steps."""

    def register(fixed: Tensor, moving: Tensor) -> Tensor:
        height, width = fixed.shape[2:]
        pair = pad_to_stride(torch.cat((fixed, moving)))
        field = total_displacement(network.trace(F.avg_pool2d(pair, 2), steps).field)
        return unfold_field(resize_field(field, pair.shape[2], pair.shape[3])[:, :, :height, :width])

    return register


def twice(register: Register) -> Register:
    """Return registration that looks again at what it has aligned."""

    def both(fixed: Tensor, moving: Tensor) -> Tensor:
        once = register(fixed, moving)
        return unfold_field(compose(register(fixed, warp(moving, once)), once))

    return both


@contextmanager
def heads_kept(network: BSAFusion) -> Iterator[None]:
    """Keep the images' heads from being exchanged."""
    network.mdf_fr.mfrh.exchange = False
    try:
        yield
    finally:
        network.mdf_fr.mfrh.exchange = True


def score(register: Register, pairs: Pairs, strength: float, seed: int) -> str:
    """Return mean NCC and mean end-point error as the cells of a table."""
    judged = []
    for index in range(len(pairs)):
        trial = make_trial(pairs, index, strength, seed)
        numbers = judge_alignment(trial, register(trial.fixed, trial.moving))
        judged.append((numbers["NCC"], numbers["error mean"]))
    ncc, error = np.mean(judged, axis=0)
    return f"{ncc:.3f} | {error:.2f}"


@torch.inference_mode()
def ablation_text(network: BSAFusion, pairs: Pairs, strength: float, seed: int) -> str:
    """Return a Markdown table of the network with parts switched off, on these pairs."""
    whole = first_steps(network, 5)
    rows = {"whole": score(whole, pairs, strength, seed)}
    rows |= {
        f"first {k} of 5 steps": score(first_steps(network, k), pairs, strength, seed) for k in (1, 2, 3, 4)
    }
    with heads_kept(network):
        rows["heads not exchanged"] = score(whole, pairs, strength, seed)
    rows["applied twice"] = score(twice(whole), pairs, strength, seed)
    lines = ["| variant | NCC | error mean |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {cells} |" for name, cells in rows.items())])
