"""A run's report in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..engine.config import FusionConfig
from .progress import duration

_SIMILARITIES = {"nmi": "normalised mutual information", "ncc": "correlation"}


def result_line(report: Mapping[str, Any], seconds: float) -> str:
    """Time, how far the moving volume was moved, and similarity before and after, in one line."""
    quality = report.get("quality", {})
    parts = [f"Fused in {duration(seconds)}"]
    moved = quality.get("displacement_mm", {})
    if "mean" in moved:
        parts.append(f"elastic displacement {moved['mean']:.1f} mm on average")
    before, after = quality.get("before", {}), quality.get("after", {})
    for key, title in _SIMILARITIES.items():
        if before.get(key) is not None and after.get(key) is not None:
            parts.append(f"{title} {before[key]:.3f} → {after[key]:.3f}")
            break
    line = ", ".join(parts) + "."
    warnings = report.get("warnings", [])
    return " ".join([line, *warnings])


def details(report: Mapping[str, Any]) -> str:
    """The whole report as text."""
    return json.dumps(report, indent=2, sort_keys=True, default=str)


def provenance(report: Mapping[str, Any], config: FusionConfig) -> dict[str, object]:
    """What every result node shall say about its origin: model, versions and options."""
    known = {key.capitalize(): report[key] for key in ("model", "versions", "verdict") if key in report}
    return {**known, "Configuration": config.as_dict()}


def self_check_text(answer: Mapping[str, Any]) -> str:
    """The report of a self-check, for reading and copying."""
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items())
    lines = [
        f"Python: {answer['python']} on {answer['platform']}",
        f"Libraries: {versions}",
        f"Devices: {'; '.join(answer['devices'].values())}",
        f"Network: {answer['model']}, SHA-256 {answer['sha256'][:16]}…",
        f"Phantom: landmarks {answer['error_before_mm']:.1f} mm off before, "
        f"{answer['error_after_mm']:.1f} mm after, in {answer['seconds']:.1f} s",
    ]
    works = answer["error_after_mm"] < answer["error_before_mm"] / 2
    verdict = "Everything works." if works else "The phantom was not aligned well: please report this text."
    return "\n".join([verdict, *lines])
