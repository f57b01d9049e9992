"""What the runs of bench_alignment say, as tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

_WRONG_MM = (2.0, 5.0)
_UNCERTAIN_MM = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, np.inf)


def print_table(runs: list[dict[str, Any]]) -> None:
    """Print one row per kind of pair and range, then what the doubts and the uncertainty are worth."""
    head = "pair | method | moved by up to | runs | " + " | ".join(
        f"to {name}: median, mm | under 1 mm | under 2 mm" for name in ("stored", "own")
    )
    print(f"| {head} | s of a core |")
    print("|" + " --- |" * 11)
    groups = sorted({_group(run) for run in runs}, key=lambda group: (group[1:], group[0]))
    for group in groups:
        print(_row(group, [run for run in runs if _group(run) == group]))
    for limit in _WRONG_MM:
        print(_doubts(runs, limit))
    print(_uncertainty([run for run in runs if run["mm"] and run["uncertainty"] is not None]))


def wilson_interval(hits: int, runs: int) -> tuple[float, float]:
    """95 % interval of a share of which hits of runs are known (Wilson 1927); 0 to 1."""
    z = 1.96
    middle, width = hits + z**2 / 2, z * np.sqrt(hits * (runs - hits) / runs + z**2 / 4)
    return float((middle - width) / (runs + z**2)), float((middle + width) / (runs + z**2))


def _group(run: dict[str, Any]) -> tuple[str, str, float, float, float]:
    return run["kind"], run["method"], run["mm"], run["degrees"], run["scale"]


def _row(group: tuple[str, str, float, float, float], runs: list[dict[str, Any]]) -> str:
    kind, method, mm, degrees, scale = group
    moved = f"{mm:.0f} mm, {degrees:.0f} degrees" + (f", {scale:.0%}" if scale else "") if mm else "nothing"
    cells = [kind, method, moved, str(len(runs))]
    for name in ("stored", "own"):
        values = np.array([run[name] for run in runs])
        cells += [f"{np.median(values):.1f}", *(_share(values < limit) for limit in (1, 2))]
    seconds = [run["seconds"] for run in runs]
    return "| " + " | ".join([*cells, f"{np.median(seconds):.1f}, at most {max(seconds):.1f}"]) + " |"


def _share(hits: np.ndarray) -> str:
    low, high = wilson_interval(int(hits.sum()), hits.size)
    return f"{hits.mean():.0%} ({100 * low:.0f} to {100 * high:.0f})"


def _doubts(runs: list[dict[str, Any]], limit_mm: float) -> str:
    """How often "converged" tells a run that ended elsewhere than the pair as stored did."""
    moved = [run for run in runs if run["mm"]]
    wrong = [run for run in moved if run["own"] > limit_mm]
    right = [run for run in moved if run["own"] <= limit_mm]
    noticed, alarms = (sum(not run["converged"] for run in part) for part in (wrong, right))
    return (
        f"{noticed} of {len(wrong)} runs wrong by more than {limit_mm:.0f} mm noticed, "
        f"{alarms} of {len(right)} right ones doubted."
    )


def _uncertainty(runs: list[dict[str, Any]]) -> str:
    """The true error by what the search expected."""
    lines = ["\n| uncertainty, mm | runs | mean error, mm | largest | over 2 mm |", "|" + " --- |" * 5]
    told = np.array([run["uncertainty"] for run in runs])
    errors = np.array([run["stored"] for run in runs])
    for low, high in pairwise(_UNCERTAIN_MM):
        part = errors[(told >= low) & (told < high)]
        if part.size:
            cells = f"{part.size} | {part.mean():.1f} | {part.max():.1f} | {(part > 2).sum()}"
            lines.append(f"| {low:g} to {high:g} | {cells} |")
    return "\n".join(lines)
