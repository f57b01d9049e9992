"""The numbers of every slice as a table node, and charts of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import slicer
import vtk

from ..engine.slice_numbers import SLICE, slice_columns

_BLUE, _ORANGE, _GREEN, _GREY = (0.0, 0.45, 0.70), (0.84, 0.37, 0.0), (0.0, 0.62, 0.45), (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Chart:
    """One chart: its title, what its vertical axis shows, and the table's columns with their colours."""

    key: str
    title: str
    axis: str
    columns: Mapping[str, tuple[float, float, float]]

    @property
    def role(self) -> str:
        """Under which the table refers to the chart, and with a number behind it to its series."""
        return f"BSAFusionChart{self.key}"


CHARTS = (
    Chart(
        "Information",
        "Mutual information of every slice",
        "Normalised mutual information, 1 to 2",
        {"NMI before": _GREY, "NMI after initial alignment": _BLUE, "NMI after": _ORANGE},
    ),
    Chart(
        "Correlation",
        "Correlation of every slice",
        "NCC, -1 to 1",
        {"NCC before": _GREY, "NCC after initial alignment": _BLUE, "NCC after": _ORANGE},
    ),
    Chart(
        "Displacement",
        "Elastic displacement of every slice",
        "mm",
        {
            "Displacement mean (mm)": _BLUE,
            "Displacement max (mm)": _ORANGE,
            "Jump to the next slice (mm)": _GREEN,
        },
    ),
    Chart(
        "Jacobian",
        "Change of volume in every slice",
        "Jacobian determinant, 1: none",
        {"Jacobian smallest": _BLUE, "Jacobian largest": _ORANGE},
    ),
)


def fill_slices(report: Mapping[str, Any], node: slicer.vtkMRMLTableNode) -> None:
    """Put the numbers of every slice into a table node, one row a slice."""
    table = vtk.vtkTable()
    for name, values in slice_columns(report).items():
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(value)
        table.AddColumn(column)
    node.SetAndObserveTable(table)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)


def show_charts(node: slicer.vtkMRMLTableNode) -> None:
    """Draw the columns of a table that is in the scene; a second call updates the charts of the first."""
    for chart in CHARTS:
        plot = _referred(node, chart.role, "vtkMRMLPlotChartNode", f"{chart.title}, {node.GetName()}")
        plot.SetTitle(chart.title)
        plot.SetXAxisTitle(SLICE)
        plot.SetYAxisTitle(chart.axis)
        plot.RemoveAllPlotSeriesNodeIDs()
        for number, (column, color) in enumerate(chart.columns.items()):
            series = _referred(node, f"{chart.role}{number}", "vtkMRMLPlotSeriesNode", column)
            series.SetAndObserveTableNodeID(node.GetID())
            series.SetXColumnName(SLICE)
            series.SetYColumnName(column)
            series.SetPlotType(series.PlotTypeScatter)
            series.SetMarkerStyle(series.MarkerStyleNone)
            series.SetLineWidth(2)
            series.SetColor(*color)
            plot.AddAndObservePlotSeriesNodeID(series.GetID())


def charts_of(node: slicer.vtkMRMLTableNode) -> list[slicer.vtkMRMLNode]:
    """The chart and series nodes of a table, as far as they are still in the scene."""
    roles = [
        role
        for chart in CHARTS
        for role in (chart.role, *(f"{chart.role}{number}" for number in range(len(chart.columns))))
    ]
    nodes = [node.GetNodeReference(role) for role in roles]
    return [found for found in nodes if found is not None]


def _referred(node: slicer.vtkMRMLTableNode, role: str, class_name: str, name: str) -> slicer.vtkMRMLNode:
    """The node that another refers to in a role, made where it is missing."""
    found = node.GetNodeReference(role)
    if found is None:
        found = node.GetScene().AddNewNodeByClass(class_name, name)
        node.SetNodeReferenceID(role, found.GetID())
    return found
