"""Judges a network on aligned pairs that it sees deformed: alignment against the truth, fusion against both
sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from BSAFusionLib.engine.metrics import ncc, qabf, scd, ssim_fusion, vif_fusion
from numpy.typing import NDArray
from torch import Tensor

from .data.deformation import published_field, tame
from .data.pairs import Pairs, read_luma
from .network.folding import jacobian_determinant
from .network.warping import compose, invert, warp

Fuse = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""fixed, moving (N, 1, H, W) -> fused (N, 1, H, W), displacement (N, 2, H, W)."""

FUSION = ("Qabf", "SSIM", "VIF", "SCD")
Scores = dict[str, list[float]]


@dataclass(frozen=True)
class Trial:
    """One deformed pair: images (1, 1, H, W) in [0, 1], the true displacement (1, 2, H, W) in pixels, the
    head's mask."""

    fixed: Tensor
    moving: Tensor
    target: Tensor
    truth: Tensor
    head: Tensor


def make_trial(pairs: Pairs, index: int, strength: float, seed: int) -> Trial:
    """Deform one pair by the published family; the same seed and name give the same deformation."""
    fixed, target = (x[index][None, None] / 255.0 for x in (pairs.fixed, pairs.moving))
    height, width = fixed.shape[-2:]
    generator = torch.Generator().manual_seed(seed * 1_000_003 + int(pairs.names[index]))
    field = tame(published_field(1, height, width, strength, generator), floor=0.05)
    head = F.max_pool2d((torch.maximum(fixed, target) > 0.04).float(), 5, 1, 2) > 0
    return Trial(fixed, warp(target, field), target, invert(field, 40), head)


def fusion_scores(fixed: Tensor, target: Tensor, fused: Tensor) -> dict[str, float]:
    """Return the four fusion numbers against the MRI and the true aligned image, all (1, 1, H, W) in [0,
    1]."""
    a, b, f = (x[0, 0].double().numpy() for x in (fixed, target, fused))
    return {
        "Qabf": qabf(a, b, f),
        "SSIM": ssim_fusion(a, b, f),
        "VIF": vif_fusion(a, b, f),
        "SCD": scd(a, b, f),
    }


def fit(trial: Trial, displacement: Tensor) -> float:
    """Return the NCC of the moving image, moved by a displacement (1, 2, H, W), to the true aligned one."""
    aligned = warp(trial.moving, displacement)
    return ncc(trial.target[0, 0].double().numpy(), aligned[0, 0].double().numpy())


def judge_alignment(trial: Trial, displacement: Tensor) -> dict[str, float]:
    """Return NCC to the truth, end-point error inside the head (mean, median, px) and the least Jacobian
    determinant."""
    error = (displacement - trial.truth).norm(dim=1, keepdim=True)[trial.head]
    return {
        "NCC": fit(trial, displacement),
        "error mean": float(error.mean()),
        "error median": float(error.median()),
        "least Jacobian": float(jacobian_determinant(displacement).min()),
    }


def judge_undeformed(trial: Trial, displacement: Tensor, undeformed: Tensor) -> dict[str, float]:
    """Return what the undeformed pair is given ("still") and the error of what the deformation adds to it
    ("known part"), means inside the head in pixels.

    undeformed: the displacement (1, 2, H, W) between fixed and target. Where a pair is not aligned to begin
    with, the truth is wrong by as much; the deformation is known all the same.
    """
    expected = compose(undeformed, trial.truth)
    return {
        "still": float(undeformed.norm(dim=1, keepdim=True)[trial.head].mean()),
        "known part": float((displacement - expected).norm(dim=1, keepdim=True)[trial.head].mean()),
    }


@torch.inference_mode()
def evaluate(
    fuse: Fuse, pairs: Pairs, strength: float = 1.0, seed: int = 1, others: Path | None = None
) -> dict[str, Scores]:
    """Return every number of every pair, by method.

    Methods: "nothing done" (maximum of the unaligned two), "network", "maximum with the truth", and "other"
    where a folder holds another method's fused pictures under the pairs' names.
    """
    table: dict[str, Scores] = {}

    def note(method: str, numbers: dict[str, float]) -> None:
        for name, value in numbers.items():
            table.setdefault(method, {}).setdefault(name, []).append(value)

    for index in range(len(pairs)):
        trial = make_trial(pairs, index, strength, seed)
        fused, displacement = fuse(trial.fixed, trial.moving)
        pictures = {
            "nothing done": torch.maximum(trial.fixed, trial.moving),
            "network": fused,
            "maximum with the truth": torch.maximum(trial.fixed, trial.target),
        }
        if others is not None:
            pictures["other"] = read_luma(others / f"{pairs.names[index]}.png")[None, None] / 255.0
        for method, picture in pictures.items():
            note(method, fusion_scores(trial.fixed, trial.target, picture))
        nothing = judge_alignment(trial, torch.zeros_like(trial.truth))
        note("nothing done", {**nothing, "known part": nothing["error mean"]})
        undeformed = fuse(trial.fixed, trial.target)[1]
        note(
            "network",
            {**judge_alignment(trial, displacement), **judge_undeformed(trial, displacement, undeformed)},
        )
    return table


def interval(values: list[float], seed: int = 1, draws: int = 1000) -> tuple[float, float, float]:
    """Return the mean and its 95 % bootstrap interval."""
    x: NDArray[np.float64] = np.asarray(values)
    random = np.random.default_rng(seed)
    means = x[random.integers(0, len(x), (draws, len(x)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(x.mean()), float(low), float(high)


def patient_text(pairs: Pairs, table: dict[str, Scores]) -> str:
    """Return means per patient as a Markdown table, and how many pairs came out better and worse."""
    before, after = table["nothing done"], table["network"]
    lines = [
        "| patient | pairs | NCC | error mean | error median | still |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case in dict.fromkeys(pairs.cases):
        rows = [i for i, name in enumerate(pairs.cases) if name == case]

        def mean(scores: Scores, column: str, rows: list[int] = rows) -> float:
            return float(np.mean([scores[column][i] for i in rows]))

        cells = [
            f"{mean(before, c):.3f} to {mean(after, c):.3f}" for c in ("NCC", "error mean", "error median")
        ]
        lines.append(f"| {case} | {len(rows)} | {' | '.join(cells)} | {mean(after, 'still'):.2f} |")
    sums = [harm_text(column, before, after) for column in ("error mean", "known part")]
    return "\n".join([*lines, "", f"{'; '.join(sums)} of {len(pairs)} pairs."])


def harm_text(column: str, before: Scores, after: Scores) -> str:
    """Return how many errors of a column were at least halved, and how many raised by more than 10 %."""
    ratio = np.array(after[column]) / np.array(before[column])
    halved, harmed = int((ratio <= 0.5).sum()), int((ratio > 1.1).sum())
    return f"{column.capitalize()} halved in {halved}, raised by more than 10 % in {harmed}"


def table_text(name: str, table: dict[str, Scores]) -> str:
    """Return the numbers of one set as a Markdown table, means with their intervals."""
    columns = ["NCC", *FUSION, "error mean", "error median", "known part", "still", "least Jacobian"]
    count = len(table["network"]["NCC"])
    lines = [
        f"{name}, {count} pairs",
        "| method | " + " | ".join(columns) + " |",
        "| --- " * (len(columns) + 1) + "|",
    ]
    for method, scores in table.items():
        cells = []
        for column in columns:
            if column not in scores:
                cells.append("")
            elif column == "least Jacobian":
                cells.append(f"{min(scores[column]):.3f}")
            else:
                mean, low, high = interval(scores[column])
                cells.append(f"{mean:.3f} ({low:.3f} to {high:.3f})")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report_text(name: str, pairs: Pairs, table: dict[str, Scores]) -> str:
    """Return what there is to tell of one set: its table, then its patients'."""
    return f"{table_text(name, table)}\n\n{patient_text(pairs, table)}\n"
