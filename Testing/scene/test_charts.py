"""The numbers of every slice, and their charts."""

from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.engine.slice_numbers import slice_columns
from BSAFusionLib.scene.bundle import write_bundle
from BSAFusionLib.scene.charts import CHARTS, charts_of
from BSAFusionLib.scene.outputs import NEW, OFF, Outputs
from BSAFusionLib.scene.publish import publish
from slicer import vtkMRMLNode, vtkMRMLScene
from vtkmodules.util.numpy_support import vtk_to_numpy

from Testing.engine.phantoms import ramp
from Testing.scene.results import GRID, make_result

Pair = tuple[str, str]
QUALITY = {
    "before": {"nmi": 1.1, "nmi_per_slice": [1.0, None, 1.1], "ncc_per_slice": [0.1, None, 0.3]},
    "after": {"nmi": 1.2, "nmi_per_slice": [1.2, None, 1.3], "ncc_per_slice": [0.2, None, 0.4]},
    "slice_jump_mm": {"mean": 1.0, "max": 1.5, "per_slice": [0.5, 1.5]},
    "field_per_slice": {"displacement_mean_mm": [1.0, 2.0, 3.0], "jacobian_smallest": [0.9, 0.8, 0.7]},
}


def measured(quality: dict[str, object] = QUALITY) -> FusionResult:
    plain = make_result()
    return replace(plain, report=plain.report | {"quality": quality})


def column(table: vtkMRMLNode, name: str) -> list[float]:
    values = vtk_to_numpy(table.GetTable().GetColumnByName(name))
    return [float(value) for value in values]


def test_every_slice_has_its_row_and_what_is_not_known_is_no_number() -> None:
    columns = slice_columns({"quality": QUALITY})
    assert columns["Slice"] == [1, 2, 3]
    assert columns["Displacement mean (mm)"] == [1, 2, 3]
    assert columns["NMI after"][::2] == [1.2, 1.3]
    assert isnan(columns["NMI after"][1])
    assert columns["Jump to the next slice (mm)"][:2] == [0.5, 1.5]
    assert isnan(columns["Jump to the next slice (mm)"][2])
    assert all(isnan(value) for value in columns["Jacobian largest"])


def test_charts_draw_columns_of_the_table(scene: vtkMRMLScene, pair: Pair) -> None:
    table = scene.GetNodeByID(publish(scene, measured(), *pair).slices)
    plots = [node for node in charts_of(table) if node.IsA("vtkMRMLPlotChartNode")]
    assert [plot.GetTitle() for plot in plots] == [chart.title for chart in CHARTS]
    for plot, chart in zip(plots, CHARTS, strict=True):
        drawn = [plot.GetNthPlotSeriesNode(n) for n in range(plot.GetNumberOfPlotSeriesNodes())]
        assert [series.GetYColumnName() for series in drawn] == list(chart.columns)
        assert all(series.GetTableNode() is table for series in drawn)
        assert all(table.GetTable().GetColumnByName(series.GetYColumnName()) for series in drawn)


def test_charts_survive_in_a_saved_scene(scene: vtkMRMLScene, tmp_path: Path) -> None:
    write_bundle(ramp(GRID, "MR"), ramp(GRID, "CT"), measured(), tmp_path / "scene.mrb")
    assert scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    table = scene.GetFirstNodeByName("Slices of CT to MR")
    assert column(table, "NMI before")[0] == 1.0
    assert isnan(column(table, "NMI before")[1])
    charts = charts_of(table)
    assert len(charts) == len(CHARTS) + sum(len(chart.columns) for chart in CHARTS)
    assert charts[0].GetNthPlotSeriesNode(2).GetTableNode() is table
    assert charts[0].GetNthPlotSeriesNode(2).GetYColumnName() == "NMI after"


def test_a_second_run_updates_the_charts_of_the_first(scene: vtkMRMLScene, pair: Pair) -> None:
    first = publish(scene, measured(), *pair)
    count = scene.GetNumberOfNodes()
    chosen = Outputs(**{role: node or NEW for role, node in vars(first).items()})
    second = publish(scene, measured(QUALITY | {"slice_jump_mm": {"per_slice": [7.0, 8.0]}}), *pair, chosen)
    assert second.slices == first.slices
    assert scene.GetNumberOfNodes() == count
    assert column(scene.GetNodeByID(first.slices), "Jump to the next slice (mm)")[:2] == [7, 8]


def test_they_lie_in_the_folder_of_the_results_and_leave_with_a_failure(
    scene: vtkMRMLScene, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = publish(scene, measured(), *pair)
    tree = scene.GetSubjectHierarchyNode()
    folder = tree.GetItemChildWithName(tree.GetSceneItemID(), "Head MR fused with Head CT")
    charts = charts_of(scene.GetNodeByID(published.slices))
    assert tree.GetNumberOfItemChildren(folder) == len(published.ids) + len(charts)
    count = scene.GetNumberOfNodes()
    monkeypatch.setattr("BSAFusionLib.scene.publish.file_beside", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(scene, measured(), *pair)
    assert scene.GetNumberOfNodes() == count


def test_without_numbers_or_switched_off_there_is_no_table(scene: vtkMRMLScene, pair: Pair) -> None:
    assert publish(scene, make_result(), *pair).slices is None
    assert publish(scene, measured(), *pair, Outputs(slices=OFF)).slices is None
