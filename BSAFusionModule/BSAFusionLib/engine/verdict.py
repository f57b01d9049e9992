"""Whether a run can be trusted: good, check, or do not use, with the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GOOD, CHECK, DO_NOT_USE = "good", "check", "do not use"
VERDICTS = (GOOD, CHECK, DO_NOT_USE)
"""From best to worst."""

_LEAST_OVERLAP = 0.1


def judge(numbers: Mapping[str, Any], doubts: list[str]) -> dict[str, Any]:
    """Weigh the measurements of a run; returns {"verdict", "reasons", "numbers"}, ready for JSON.

    numbers: overlap, from 0 to 1; nmi_before and nmi_after, None where nothing is in common.
    doubts: sentences about what did not go well.
    """
    reasons = {CHECK: list(doubts), DO_NOT_USE: []}
    before, after = numbers["nmi_before"], numbers["nmi_after"]
    if numbers["overlap"] < _LEAST_OVERLAP:
        reasons[DO_NOT_USE].append(
            f"Only {numbers['overlap']:.0%} of the fixed volume is covered by the moving one."
        )
    if before is not None and after is not None and after < before:
        reasons[CHECK].append(f"Mutual information fell from {before:.3f} to {after:.3f}.")
    worst = next((verdict for verdict in (DO_NOT_USE, CHECK) if reasons[verdict]), GOOD)
    words = reasons[DO_NOT_USE] + reasons[CHECK]
    return {"verdict": worst, "reasons": words or ["Nothing speaks against it."], "numbers": dict(numbers)}
