"""Whether a run can be trusted: good, check, or do not use, with the reasons in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .verdict_thresholds import LIMITS, Limit

GOOD, CHECK, DO_NOT_USE = "good", "check", "do not use"
VERDICTS = (GOOD, CHECK, DO_NOT_USE)
"""From best to worst."""

ADVICE = {
    GOOD: "",
    CHECK: "Compare both volumes by eye before you rely on it.",
    DO_NOT_USE: (
        "Check that both volumes show the same part of one patient, or start from another initial alignment."
    ),
}
"""What to do, by verdict."""


def judge(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Weigh the numbers of a run against verdict_thresholds; returns {"verdict", "reasons", "numbers"}.

    numbers: those that Limit names, None where something could not be measured. Reasons are sentences: what
    speaks against the result, the worst first; what speaks for it where nothing does. Ready for JSON.
    """
    found = {verdict: list(_against(numbers, verdict)) for verdict in (DO_NOT_USE, CHECK)}
    verdict = next((name for name, sentences in found.items() if sentences), GOOD)
    reasons = found[DO_NOT_USE] + found[CHECK] or list(_in_favour(numbers))
    return {"verdict": verdict, "reasons": reasons, "numbers": dict(numbers)}


def withheld(report: Mapping[str, Any]) -> bool:
    """Whether a run's report forbids to publish its result as aligned: do not use, and nobody insists."""
    judged = report.get("verdict", {}).get("verdict")
    return judged == DO_NOT_USE and not report.get("configuration", {}).get("insist", False)


def sentence(report: Mapping[str, Any]) -> str:
    """The verdict, its reasons and what to do in one line; empty where a report has none."""
    judged = report.get("verdict")
    if judged is None:
        return ""
    return " ".join([f"Verdict: {judged['verdict']}.", *judged["reasons"], *advice(report)])


def advice(report: Mapping[str, Any]) -> list[str]:
    """What to do about a verdict, in sentences, and whether the result was published."""
    verdict = report.get("verdict", {}).get("verdict", GOOD)
    sentences = [ADVICE[verdict]] if ADVICE[verdict] else []
    if withheld(report):
        sentences.append("Nothing was published as aligned; insist if you want the result all the same.")
    elif verdict == DO_NOT_USE:
        sentences.append("It was published because you insisted.")
    return sentences


def _against(numbers: Mapping[str, Any], verdict: str) -> Iterator[str]:
    for limit in LIMITS:
        value = numbers.get(limit.number)
        if value is not None and _level(limit, float(value)) == verdict:
            yield limit.against.format(**numbers, value=float(value))


def _in_favour(numbers: Mapping[str, Any]) -> Iterator[str]:
    for limit in LIMITS:
        value = numbers.get(limit.number)
        if limit.in_favour and value is not None:
            yield limit.in_favour.format(**numbers, value=float(value))


def _level(limit: Limit, value: float) -> str:
    sign = -1 if limit.worse == "below" else 1
    for verdict, bound in ((DO_NOT_USE, limit.do_not_use), (CHECK, limit.check)):
        if bound is not None and sign * (value - bound) > 0:
            return verdict
    return GOOD
