"""Whether a run can be trusted: good, check, or do not use, with the reasons in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .verdict_thresholds import BIAS, LIMITS, SIGNS, WEIGHTS, Limit, Sign

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

_BENT = " (Mean of before and after the volume was bent.)"
_CLEAR = 0.3  # log odds; less is not worth a sentence


def judge(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Weigh the numbers of a run by verdict_thresholds; returns {"verdict", "reasons", "numbers"}.

    numbers: those that Sign and Limit name, None where something could not be measured. Reasons are
    sentences: what speaks against the result, the worst first; what speaks for it where nothing does.
    Ready for JSON; numbers then hold trust as well.
    """
    numbers = {**numbers, "trust": trust(numbers)}
    found = {verdict: list(_against(numbers, verdict)) for verdict in (DO_NOT_USE, CHECK)}
    verdict = next((name for name, sentences in found.items() if sentences), GOOD)
    reasons = found[DO_NOT_USE] + found[CHECK] or list(_in_favour(numbers))
    return {"verdict": verdict, "reasons": reasons, "numbers": dict(numbers)}


def trust(numbers: Mapping[str, Any]) -> float:
    """The share of rightly aligned ones among runs with such signs, 0 to 1, by logistic regression.

    It assumes that nine runs in ten are right in practice; what was not measured does not count.
    """
    return 1 / (1 + math.exp(-BIAS - sum(_odds(sign, numbers) for sign in SIGNS)))


def _odds(sign: Sign, numbers: Mapping[str, Any]) -> float:
    """What a sign adds to the log odds."""
    value = sign.value(numbers)
    if value is None:
        return 0.0
    usual, spread, weight = WEIGHTS[sign.number]
    return weight * (value - usual) / spread


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
            yield limit.against.format(**numbers, value=_told(limit, value))
            if limit.number == "trust":
                yield from _signs(numbers, against=True)


def _in_favour(numbers: Mapping[str, Any]) -> Iterator[str]:
    for limit in LIMITS:
        value = numbers.get(limit.number)
        if limit.in_favour and value is not None:
            yield limit.in_favour.format(**numbers, value=_told(limit, value))
    yield from _signs(numbers, against=False)


def _told(limit: Limit, value: float) -> float:
    """A number as it is told: nobody can be trusted to 100 %, or not at all."""
    return min(max(float(value), 0.01), 0.99) if limit.number == "trust" else float(value)


def _signs(numbers: Mapping[str, Any], against: bool) -> Iterator[str]:
    """What the signs say that speak clearly against a result, or for it, the strongest first."""
    direction = -1 if against else 1
    odds = {sign: direction * _odds(sign, numbers) for sign in SIGNS}
    for sign in sorted(SIGNS, key=lambda sign: -odds[sign]):
        words = sign.against if against else sign.in_favour
        if odds[sign] > _CLEAR:
            bent = f"{sign.number}_bent" in numbers
            yield words.format(**numbers, value=sign.measured(numbers)) + _BENT * bent


def _level(limit: Limit, value: float) -> str:
    sign = -1 if limit.worse == "below" else 1
    for verdict, bound in ((DO_NOT_USE, limit.do_not_use), (CHECK, limit.check)):
        if bound is not None and sign * (value - bound) > 0:
            return verdict
    return GOOD
