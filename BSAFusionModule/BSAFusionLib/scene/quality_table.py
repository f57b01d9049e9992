"""The numbers of a fusion as a table node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan
from typing import Any

import slicer
import vtk

_STAGES = {"before": "Before", "after_initial_alignment": "After initial alignment", "after": "After"}
_OVERLAP = {"dice": "Dice of label {}", "hausdorff95_mm": "Hausdorff 95 % of label {} (mm)"}
_ABBREVIATIONS = ("ncc", "nmi")


def fill_table(report: Mapping[str, Any], node: slicer.vtkMRMLTableNode) -> None:
    """Put report["quality"] into the columns Measure, Before, After initial alignment and After.

    A last column holds the verdict, followed by its reasons.
    """
    rows = quality_rows(report)
    table = vtk.vtkTable()
    names = vtk.vtkStringArray()
    names.SetName("Measure")
    for name in rows:
        names.InsertNextValue(name)
    table.AddColumn(names)
    for stage, title in _STAGES.items():
        column = vtk.vtkDoubleArray()
        column.SetName(title)
        for values in rows.values():
            column.InsertNextValue(values.get(stage, nan))
        table.AddColumn(column)
    table.AddColumn(_verdict_column(report, len(rows)))
    node.SetAndObserveTable(table)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)


def _verdict_column(report: Mapping[str, Any], count: int) -> vtk.vtkStringArray:
    judged = report.get("verdict", {})
    lines = [judged["verdict"], *judged["reasons"]] if judged else []
    column = vtk.vtkStringArray()
    column.SetName("Verdict")
    for line in [*lines[:count], *[""] * (count - len(lines))]:
        column.InsertNextValue(line)
    return column


def quality_rows(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Order the numbers of report["quality"] by measure and stage: before, after_initial_alignment, after.

    What belongs to no stage describes the result: after. Lists, as of numbers per slice, are left out.
    Landmarks and segmentations, where the report has them, come last.
    """
    quality = report.get("quality", {})
    result = {key: value for key, value in quality.items() if key not in _STAGES}
    rows: dict[str, dict[str, float]] = {}
    for stage, numbers in [*((stage, quality.get(stage, {})) for stage in _STAGES), ("after", result)]:
        for words, value in _numbers(numbers, ()):
            rows.setdefault(_label(words), {})[stage] = value
    return rows | _reference_rows(report)


def _reference_rows(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    for stage, errors in report.get("landmarks", {}).get("error_mm", {}).items():
        for name in ("mean", "median", "max"):
            rows.setdefault(f"Landmark error {name} (mm)", {})[stage] = errors[name]
    for label, stages in report.get("segmentations", {}).get("labels", {}).items():
        for stage, numbers in stages.items():
            for key, title in _OVERLAP.items():
                if numbers[key] is not None:
                    rows.setdefault(title.format(label), {})[stage] = numbers[key]
    return rows


def _numbers(mapping: Mapping[str, Any], outer: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Walk through nested numbers, each with the words of its names."""
    for key, value in mapping.items():
        words = (*outer, *key.split("_"))
        if isinstance(value, Mapping):
            yield from _numbers(value, words)
        elif isinstance(value, int | float):
            yield words, float(value)


def _label(words: tuple[str, ...]) -> str:
    """("displacement", "mm", "mean") -> "Displacement mean (mm)"."""
    text = " ".join(word.upper() if word in _ABBREVIATIONS else word for word in words if word != "mm")
    return text[0].upper() + text[1:] + (" (mm)" if "mm" in words else "")
