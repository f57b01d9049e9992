"""The numbers of every slice, as columns for tables and charts."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

SLICE = "Slice"


def slice_columns(report: Mapping[str, Any]) -> dict[str, list[float]]:
    """The columns of the table, from report["quality"]; NaN where a slice has no number."""
    quality = report.get("quality", {})
    stages = {"before": "before", "after_initial_alignment": "after initial alignment", "after": "after"}
    columns = {
        f"{title} {words}": quality.get(stage, {}).get(f"{key}_per_slice", [])
        for key, title in (("nmi", "NMI"), ("ncc", "NCC"))
        for stage, words in stages.items()
    }
    field = quality.get("field_per_slice", {})
    columns["Displacement mean (mm)"] = field.get("displacement_mean_mm", [])
    columns["Displacement max (mm)"] = field.get("displacement_max_mm", [])
    columns["Jump to the next slice (mm)"] = quality.get("slice_jump_mm", {}).get("per_slice", [])
    columns["Jacobian smallest"] = field.get("jacobian_smallest", [])
    columns["Jacobian largest"] = field.get("jacobian_largest", [])
    count = max(map(len, columns.values()))
    numbers = {
        name: [nan if value is None else float(value) for value in values] + [nan] * (count - len(values))
        for name, values in columns.items()
    }
    return {SLICE: [float(n + 1) for n in range(count)], **numbers}
