"""The numbers of a fusion as a table node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan
from typing import Any

import slicer
import vtk


def fill_table(report: Mapping[str, Any], node: slicer.vtkMRMLTableNode) -> None:
    """Put report["quality"] into the columns Measure (text), Before and After (numbers).

    A number under "before" or "after" goes into that column, any other belongs to the result and goes into
    After; a measure that one column lacks is not a number (NaN) there.
    """
    names, before, after = vtk.vtkStringArray(), vtk.vtkDoubleArray(), vtk.vtkDoubleArray()
    for column, title in ((names, "Measure"), (before, "Before"), (after, "After")):
        column.SetName(title)
    for name, first, last in quality_rows(report):
        names.InsertNextValue(name)
        before.InsertNextValue(first)
        after.InsertNextValue(last)
    table = vtk.vtkTable()
    for column in (names, before, after):
        table.AddColumn(column)
    node.SetAndObserveTable(table)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)


def quality_rows(report: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """List (measure, before, after) of report["quality"]; NaN for what is not known."""
    quality = report.get("quality", {})
    before = dict(_numbers(quality.get("before", {})))
    after = dict(_numbers(quality.get("after", {})))
    after.update(_numbers({key: value for key, value in quality.items() if key not in ("before", "after")}))
    return [(name, before.get(name, nan), after.get(name, nan)) for name in {**before, **after}]


def _numbers(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Walk through nested numbers; their names become words."""
    for key, value in mapping.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{name} ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)
