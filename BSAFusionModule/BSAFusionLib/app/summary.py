"""A run's report in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..engine.config import FusionConfig
from ..engine.verdict import advice, withheld
from ..scene.outputs import Published
from .i18n import tr as _
from .progress import duration
from .view import Outcome, Tone

_SIMILARITIES = {"nmi": _("normalised mutual information"), "ncc": _("correlation")}
_TITLES = {
    Tone.GOOD: _("Good: no sign of a problem"),
    Tone.CHECK: _("Check before use"),
    Tone.DO_NOT_USE: _("Do not use"),
}
_NOTICEABLE_MM = 0.5
_LISTS = re.compile(r"\[[^\[\]{}]*\]")


def outcome(report: Mapping[str, Any], seconds: float, published: Published) -> Outcome:
    """Tell of a run that is done: its verdict, what to do, the reasons, its numbers, and the details."""
    verdict = report.get("verdict", {})
    tone = Tone(verdict["verdict"]) if verdict else Tone.NOTE
    reasons = list(verdict.get("reasons", []))
    warnings = tuple(warning for warning in report.get("warnings", []) if warning not in reasons)
    what_to_do = " ".join(advice(report))
    told = [*(reasons if tone in (Tone.CHECK, Tone.DO_NOT_USE) else []), *warnings]
    lines = [*(f"• {sentence}" for sentence in told), *_left_out(report), result_line(report, seconds)]
    return Outcome(
        "\n".join([what_to_do] * bool(what_to_do) + lines),
        details(report),
        published,
        title=_TITLES.get(tone, ""),
        tone=tone,
        reasons=tuple(reasons),
        warnings=warnings,
    )


def _left_out(report: Mapping[str, Any]) -> Iterator[str]:
    """Why a displacement that the network found cannot be seen in the result."""
    in_slices = report.get("in_slices")
    if in_slices and in_slices["found_mm"] - in_slices["mean_mm"] > _NOTICEABLE_MM:
        yield in_slices["note"]


def result_line(report: Mapping[str, Any], seconds: float) -> str:
    """Time, how far the moving volume was moved, and similarity before and after, in one line."""
    quality = report.get("quality", {})
    done = _("Computed in {time}") if withheld(report) else _("Fused in {time}")
    parts = [done.format(time=duration(seconds))]
    moved = quality.get("displacement_mm", {})
    if "mean" in moved:
        parts.append(_("elastic displacement {mm} mm on average").format(mm=f"{moved['mean']:.1f}"))
    before, after = quality.get("before", {}), quality.get("after", {})
    for key, title in _SIMILARITIES.items():
        if before.get(key) is not None and after.get(key) is not None:
            parts.append(f"{title} {before[key]:.3f} → {after[key]:.3f}")
            break
    return ", ".join([*parts, *_measured(report)]) + "."


def _measured(report: Mapping[str, Any]) -> Iterator[str]:
    """What landmarks and segmentations say, before and after."""
    errors = report.get("landmarks", {}).get("error_mm")
    if errors:
        before, after = (f"{errors[stage]['mean']:.1f}" for stage in ("before", "after"))
        yield _("landmarks {before} → {after} mm apart").format(before=before, after=after)
    overlap = report.get("segmentations", {}).get("mean")
    if overlap:
        before, after = (f"{overlap[stage]['dice']:.2f}" for stage in ("before", "after"))
        yield _("Dice {before} → {after}").format(before=before, after=after)


def details(report: Mapping[str, Any]) -> str:
    """What is worth reading of a report, line by line, and then all of it."""
    return "\n".join([*_readable(report), "", _whole(report)])


def _whole(answer: Mapping[str, Any]) -> str:
    """All of it as JSON, with lists of numbers on one line."""
    text = json.dumps(answer, indent=2, sort_keys=True, default=str)
    return _LISTS.sub(lambda numbers: " ".join(numbers[0].split()), text)


def _readable(report: Mapping[str, Any]) -> Iterator[str]:
    geometry, quality = report.get("geometry", {}), report.get("quality", {})
    for role, title in (("fixed", _("Fixed")), ("moving", _("Moving"))):
        known = geometry.get(role)
        if known:
            guess = _(", guessed") if known["modality_is_a_guess"] else ""
            low, high = known["window"]
            window = _("values {low:g} to {high:g}").format(low=low, high=high)
            yield f"{title}: {known['modality'].upper()}{guess}; {window}"
    moved = quality.get("displacement_mm", {})
    if "max" in moved:
        text = _(
            "Displacement: {mean:.1f} mm on average, {p95:.1f} mm at the 95th percentile, "
            "{max:.1f} mm at most"
        )
        yield text.format(**moved)
    if "in_slices" in report:
        yield report["in_slices"]["note"]
    if "model" in report:
        yield _("Network: {id} {version} on {device}").format(**report["model"])
    times = report.get("seconds", {})
    if times:
        yield _("Time: {steps}").format(steps="; ".join(f"{name} {s:.1f} s" for name, s in times.items()))


def provenance(report: Mapping[str, Any], config: FusionConfig) -> dict[str, object]:
    """What every result node shall say about its origin: model, versions and options."""
    known = {key.capitalize(): report[key] for key in ("model", "versions", "verdict") if key in report}
    return {**known, "Configuration": config.as_dict()}


def self_check_outcome(answer: Mapping[str, Any]) -> Outcome:
    """Tell of a self-check, for reading and copying."""
    works = answer["error_after_mm"] < answer["error_before_mm"] / 2
    title = _("Everything works") if works else _("The phantom was not aligned well: please report this text")
    tone = Tone.GOOD if works else Tone.CHECK
    return Outcome(_self_check_text(answer), _whole(answer), title=title, tone=tone)


def _self_check_text(answer: Mapping[str, Any]) -> str:
    """The report of a self-check, for reading and copying."""
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items())
    lines = [
        _("Python: {python} on {platform}").format(**answer),
        _("Libraries: {versions}").format(versions=versions),
        _("Devices: {devices}").format(devices="; ".join(answer["devices"].values())),
        _("Network: {model}, SHA-256 {hash}…").format(model=answer["model"], hash=answer["sha256"][:16]),
        _(
            "Phantom: landmarks {error_before_mm:.1f} mm off before, {error_after_mm:.1f} mm after, "
            "in {seconds:.1f} s"
        ).format(**answer),
    ]
    return "\n".join(lines)
