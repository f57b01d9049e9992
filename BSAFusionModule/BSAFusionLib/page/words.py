"""What each number of a report means, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STAGES = {"before": "Before", "after_initial_alignment": "After initial alignment", "after": "After"}

Report = Mapping[str, Any]
Values = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Line:
    """A number by stage and its meaning; None where a stage has no such number."""

    name: str
    values: Values
    meaning: str
    digits: int = 2


_SIMILARITY = {
    "nmi": (
        "Mutual information, normalised",
        "How much one picture says about the other: 1 nothing, 2 everything. It should rise. It compares "
        "brightness, not anatomy: a rise is no proof of alignment.",
    ),
    "ncc": (
        "Correlation",
        "From -1 to 1. Between different modalities even perfect alignment gives small or negative values; "
        "only the change says something.",
    ),
}
_FIELD = {
    ("displacement_mm", "mean"): (
        "Elastic displacement, mean (mm)",
        "How far the elastic part moves a place, on average over the fixed grid.",
    ),
    ("displacement_mm", "p95"): (
        "Elastic displacement, 95 % below (mm)",
        "Nineteen of twenty places move less.",
    ),
    ("displacement_mm", "max"): (
        "Elastic displacement, largest (mm)",
        "One far larger value points to a local error: look there.",
    ),
    ("slice_jump_mm", "max"): (
        "Jump between slices, largest (mm)",
        "Mean difference between neighbouring slices; large where slices were registered differently.",
    ),
    ("jacobian", "smallest"): (
        "Jacobian determinant, smallest",
        "Local change of volume: 1 none, 0.5 shrunk to a half; 0 or less would be a fold and never occurs.",
    ),
    ("jacobian", "largest"): (
        "Jacobian determinant, largest",
        "2 is tissue grown to twice its volume; anatomy seldom explains more.",
    ),
    ("inverse_consistency_mm", "max"): (
        "Way back, largest error (mm)",
        "Points are sent through the field and traced back. Small: every place has one partner.",
    ),
}
_ROUGHNESS = "How much the displacement changes from place to place, mm per mm; high where it is torn."
_FOLDS = "Voxels where the network's field was folded before it was smoothed."
_INVERSE = "There and back through both files, at the voxels and between them. Wanted: at most 0.1 mm."
_LANDMARKS = "Distance of {} landmarks from their partners (target registration error)."
_OVERLAP = {
    "dice": ("Dice", "Overlap of the outlines: 0 none, 1 equal."),
    "hausdorff95_mm": ("Hausdorff 95 % (mm)", "Nineteen of twenty points of the outlines are nearer."),
}


def measures(report: Report) -> list[Line]:
    """The numbers of the images and of the field that are worth reading, in order."""
    quality = report.get("quality", {})
    lines = [Line(name, _stages(quality, key), meaning, 3) for key, (name, meaning) in _SIMILARITY.items()]
    lines += [
        Line(name, (None, None, quality[group][key]), meaning)
        for (group, key), (name, meaning) in _FIELD.items()
        if key in quality.get(group, {})
    ]
    if "in_slices" in report:
        kept = report["in_slices"]
        lines.append(Line("Network's displacement, part kept", (None, None, kept["share"]), kept["note"]))
    if "roughness" in quality:
        lines.append(Line("Roughness", (None, None, quality["roughness"]), _ROUGHNESS, 3))
    if "folds_repaired" in quality:
        lines.append(Line("Folds repaired", (None, None, quality["folds_repaired"]), _FOLDS, 0))
    if "inverse" in report:
        largest = report["inverse"]["consistency_mm"]["max"]
        lines.append(Line("Inverse transform, largest error (mm)", (None, None, largest), _INVERSE, 3))
    return lines


def reference_lines(report: Report) -> list[Line]:
    """What landmarks and segmentations say, which is worth more than any similarity."""
    errors = report.get("landmarks", {}).get("error_mm", {})
    meaning = _LANDMARKS.format(report.get("landmarks", {}).get("count"))
    keys = ("mean", "median", "max") if errors else ()
    lines = [Line(f"Landmark error, {key} (mm)", _stages(errors, key), meaning) for key in keys]
    for label, stages in report.get("segmentations", {}).get("labels", {}).items():
        lines += [
            Line(f"{name}, label {label}", _stages(stages, key), words)
            for key, (name, words) in _OVERLAP.items()
        ]
    return lines


def confidence_sentences(report: Report) -> list[str]:
    """What the confidence map says as a whole."""
    found = report.get("confidence")
    if not found:
        return []
    if "mean" not in found:
        return [found["note"]]
    error = found["expected_error_mm"]
    return [
        f"On patients that the network had not seen, {found['mean']:.0%} of places like these lay within "
        f"{found['limit_mm']:g} mm of where they belong. {found['share_below_half']:.0%} of the places shown "
        "are more likely than not to lie farther off.",
        f"Expected error of the elastic part: {error['mean']:.1f} mm on average, above {error['p95']:.1f} mm "
        f"in one of twenty places. {found['note']}",
    ]


def _stages(numbers: Mapping[str, Any], key: str) -> Values:
    before, initial, after = (numbers.get(stage, {}).get(key) for stage in STAGES)
    return before, initial, after
