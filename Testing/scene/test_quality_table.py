from math import isnan

from BSAFusionLib.scene.quality_table import fill_table, quality_rows
from slicer import vtkMRMLScene

REPORT = {
    "quality": {
        "note": "words",
        "before": {"ncc": 0.5, "nmi": None, "ncc_per_slice": [0.4, 0.6]},
        "after_initial_alignment": {"ncc": 0.6},
        "after": {"ncc": 0.75},
        "displacement_mm": {"mean": 2.5, "p95": 6.0},
        "folds_repaired": 3,
    }
}


def test_numbers_are_ordered_by_measure_and_stage() -> None:
    assert quality_rows(REPORT) == {
        "NCC": {"before": 0.5, "after_initial_alignment": 0.6, "after": 0.75},
        "Displacement mean (mm)": {"after": 2.5},
        "Displacement p95 (mm)": {"after": 6.0},
        "Folds repaired": {"after": 3.0},
    }


def test_the_table_has_a_column_for_each_stage(scene: vtkMRMLScene) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    fill_table(REPORT, node)
    titles = [node.GetColumnName(column) for column in range(node.GetNumberOfColumns())]
    assert titles == ["Measure", "Before", "After initial alignment", "After", "Verdict"]
    assert node.GetCellText(0, 0) == "NCC"
    assert [node.GetTable().GetValue(0, column).ToDouble() for column in (1, 2, 3)] == [0.5, 0.6, 0.75]
    assert isnan(node.GetTable().GetValue(1, 1).ToDouble())


def test_a_report_without_numbers_gives_an_empty_table(scene: vtkMRMLScene) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    fill_table({}, node)
    assert node.GetNumberOfRows() == 0


def test_landmarks_and_segmentations_come_last() -> None:
    error = {"mean": 4.0, "median": 3.0, "max": 9.0, "each": [1.0, 2.0]}
    better = {"mean": 1.0, "median": 0.5, "max": 2.0, "each": [0.5, 0.5]}
    label = {"before": {"dice": 0.0, "hausdorff95_mm": None}, "after": {"dice": 0.75, "hausdorff95_mm": 2.5}}
    known = {
        "landmarks": {"error_mm": {"before": error, "after": better}},
        "segmentations": {"labels": {"3": label}},
    }
    assert quality_rows(known) == {
        "Landmark error mean (mm)": {"before": 4.0, "after": 1.0},
        "Landmark error median (mm)": {"before": 3.0, "after": 0.5},
        "Landmark error max (mm)": {"before": 9.0, "after": 2.0},
        "Dice of label 3": {"before": 0.0, "after": 0.75},
        "Hausdorff 95 % of label 3 (mm)": {"after": 2.5},
    }
