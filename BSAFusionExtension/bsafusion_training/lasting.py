"""How much of a network's error lasts: the part that comes back whatever the deformation.

Pairs that are not aligned to begin with give every deformation the same error, and so does a bias of the
network. Mutual information, which has learnt nothing, tells which: it is highest where the pair fits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from BSAFusionLib.engine.quality import normalized_mutual_information
from torch import Tensor

from .data.pairs import Pairs
from .evaluation import Fuse, Scores, Trial, fit, make_trial
from .losses import gradients
from .network.warping import warp

INTERPOLATION = 1 / 6
"""Shift there and back, in pixels, whose mean softens an image as much as bilinear sampling does."""
FARTHEST = 2.0


def across_edges(trial: Trial) -> Tensor:
    """Return the direction across the target's edges, (1, 2, H, W), as long as the edge is strong; 0 outside
    the head."""
    return gradients(F.avg_pool2d(trial.target, 5, 1, 2)) * trial.head


def mean_square(first: Tensor, second: Tensor, edges: Tensor) -> float:
    """Return the mean product of two displacements' parts across edges, px^2, strong edges counting more;
    (1, 2, H, W) each."""
    strength = edges.norm(dim=1, keepdim=True)
    ways = edges / strength.clamp_min(1e-6)
    parts = [(displacement * ways).sum(dim=1, keepdim=True) for displacement in (first, second)]
    return float((parts[0] * parts[1] * strength).sum() / strength.sum())


def lasting_square(errors: Sequence[Tensor], edges: Tensor) -> float:
    """Return the mean square of what errors (1, 2, H, W) under several deformations have in common, without
    bias: the mean product of two different ones. Negative by chance where nothing lasts."""
    count, total = len(errors), torch.stack(list(errors)).sum(dim=0)
    alone = sum(mean_square(error, error, edges) for error in errors)
    return (mean_square(total, total, edges) - alone) / (count * (count - 1))


def information(trial: Trial, displacement: Tensor | None) -> float:
    """Return the normalised mutual information in the head of MRI and undeformed moving image, moved by a
    displacement (1, 2, H, W) or left as stored."""
    if displacement is None:
        shift = torch.full_like(trial.truth, INTERPOLATION)
        moved = (warp(trial.target, shift) + warp(trial.target, -shift)) / 2
    else:
        moved = warp(trial.target, displacement)
    return normalized_mutual_information(trial.fixed[trial.head].numpy(), moved[trial.head].numpy())


def judge_lasting(trials: Sequence[Trial], displacements: Sequence[Tensor]) -> dict[str, float]:
    """Return the numbers of one pair under several deformations; lengths are mean squares across edges, px^2.

    "NCC without" takes off each displacement the mean error of the others, which only the truth can tell: it
    says what the lasting error costs, not what can be reached.
    """
    errors = [found - trial.truth for trial, found in zip(trials, displacements, strict=True)]
    total, others = torch.stack(errors).sum(dim=0), len(errors) - 1
    edges, mean = across_edges(trials[0]), total / len(errors)
    pairs = list(zip(trials, displacements, errors, strict=True))
    return {
        "NCC": float(np.mean([fit(trial, found) for trial, found, _ in pairs])),
        "NCC without": float(
            np.mean([fit(trial, found - (total - error) / others) for trial, found, error in pairs])
        ),
        "deformation": float(np.mean([mean_square(t.truth, t.truth, edges) for t in trials])),
        "error": float(np.mean([mean_square(error, error, edges) for error in errors])),
        "lasting": lasting_square(errors, edges),
        "NMI stored": information(trials[0], None),
        "NMI moved": information(trials[0], mean),
        "NMI against": information(trials[0], -mean),
    }


@torch.inference_mode()
def lasting_scores(fuse: Fuse, pairs: Pairs, strength: float, count: int) -> Scores:
    """Return judge_lasting's numbers of every pair, each deformed `count` times with its own seeds."""
    table: Scores = {}
    for index in range(len(pairs)):
        trials = [make_trial(pairs, index, strength, seed) for seed in range(1, count + 1)]
        found = [fuse(trial.fixed, trial.moving)[1] for trial in trials]
        for name, value in judge_lasting(trials, found).items():
            table.setdefault(name, []).append(value)
    return table


def best_share(stored: float, moved: float, against: float) -> float | None:
    """Return where the parabola through three values at 0, 1 and -1 is highest; None where it has no top, or
    one so far off (beyond 2) that three values do not tell."""
    bend = 2 * stored - moved - against
    top = (moved - against) / (2 * bend) if bend > 0 else None
    return top if top is not None and abs(top) <= FARTHEST else None


def lasting_text(scores: Scores, cases: Sequence[str]) -> str:
    """Return one row a patient and one for all, as a Markdown table; lengths are root mean squares, px."""
    columns = ("NCC", "NCC without", "deformation", "error", "lasting", "NMI is highest at")
    lines = [f"| patient | pairs | {' | '.join(columns)} |", "| --- " * (len(columns) + 2) + "|"]
    for case in (*dict.fromkeys(cases), "all"):
        rows = [i for i, name in enumerate(cases) if case in (name, "all")]
        means = {name: float(np.mean([values[i] for i in rows])) for name, values in scores.items()}
        lengths = [max(means[name], 0.0) ** 0.5 for name in ("deformation", "error", "lasting")]
        top = best_share(means["NMI stored"], means["NMI moved"], means["NMI against"])
        cells = [f"{means[name]:.3f}" for name in ("NCC", "NCC without")] + [f"{x:.2f}" for x in lengths]
        lines.append(
            f"| {case} | {len(rows)} | {' | '.join(cells)} | {'' if top is None else f'{top:.1f}'} |"
        )
    return "\n".join(lines)
