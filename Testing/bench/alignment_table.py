"""What the runs of bench_alignment say, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

_WRONG_MM = 5.0


def print_table(runs: list[dict[str, Any]]) -> None:
    """Print one row per kind of pair and range, then what the doubts are worth."""
    head = "pair | method | moved by up to | runs | " + " | ".join(
        f"to {name}: median, mm | under 1 mm | under 2 mm" for name in ("stored", "own")
    )
    print(f"| {head} | s of a core |")
    print("|" + " --- |" * 11)
    groups = sorted({_group(run) for run in runs}, key=lambda group: (group[1:], group[0]))
    for group in groups:
        print(_row(group, [run for run in runs if _group(run) == group]))
    for limit in (2.0, _WRONG_MM):
        print(_doubts(runs, limit))


def _group(run: dict[str, Any]) -> tuple[str, str, float, float, float]:
    return run["kind"], run["method"], run["mm"], run["degrees"], run["scale"]


def _row(group: tuple[str, str, float, float, float], runs: list[dict[str, Any]]) -> str:
    kind, method, mm, degrees, scale = group
    moved = f"{mm:.0f} mm, {degrees:.0f} degrees" + (f", {scale:.0%}" if scale else "") if mm else "nothing"
    cells = [kind, method, moved, str(len(runs))]
    for name in ("stored", "own"):
        values = np.array([run[name] for run in runs])
        cells += [f"{np.median(values):.1f}", *(f"{np.mean(values < limit):.0%}" for limit in (1, 2))]
    seconds = [run["seconds"] for run in runs]
    return "| " + " | ".join([*cells, f"{np.median(seconds):.1f}, at most {max(seconds):.1f}"]) + " |"


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
