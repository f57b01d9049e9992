"""Landmarks and segmentations that a result is measured with, chosen in the panel."""

import json
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.conftest import OpenPanel
from Testing.panel.parts import add_volume, fuse


@pytest.fixture(autouse=True)
def pair(scene: Any) -> tuple[Any, Any]:
    return add_volume(scene, "T1", 2.0), add_volume(scene, "CT", 4.0)


def add_points(scene: Any, name: str, points: list[tuple[float, float, float]]) -> Any:
    import vtk

    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    for point in points:
        node.AddControlPoint(vtk.vtkVector3d(*point))
    return node


def test_the_error_of_chosen_landmarks_is_reported(open_panel: OpenPanel, scene: Any) -> None:
    ui = (panel := open_panel()).ui
    assert ui.referenceSection.collapsed
    ui.fixedLandmarksSelector.setCurrentNode(add_points(scene, "F", [(10, 10, 10), (20, 30, 40)]))
    assert ui.reasonLabel.text == "Choose the moving landmarks to measure with as well, or neither."
    assert not ui.fuseButton.enabled
    ui.movingLandmarksSelector.setCurrentNode(add_points(scene, "M", [(10, 10, 14), (20, 30, 48)]))
    assert ui.fuseButton.enabled
    fuse(panel)
    details = ui.detailsText.plainText
    report = json.loads(details[details.index("{") :])
    assert report["landmarks"]["error_mm"]["after"]["each"] == [4.0, 8.0]
    assert "landmarks 6.0 → 6.0 mm apart" in ui.resultLabel.text


def test_lists_of_different_length_are_told_before_a_run(open_panel: OpenPanel, scene: Any) -> None:
    ui = open_panel().ui
    ui.fixedLandmarksSelector.setCurrentNode(add_points(scene, "F", [(1, 2, 3), (4, 5, 6)]))
    ui.movingLandmarksSelector.setCurrentNode(add_points(scene, "M", [(1, 2, 3)]))
    assert "2 fixed and 1 moving landmarks" in ui.reasonLabel.text
    assert not ui.fuseButton.enabled


def test_an_empty_segmentation_is_told_in_one_sentence(open_panel: OpenPanel, scene: Any) -> None:
    ui = (panel := open_panel()).ui
    nodes = [scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name) for name in ("F", "M")]
    ui.fixedSegmentationSelector.setCurrentNode(nodes[0])
    ui.movingSegmentationSelector.setCurrentNode(nodes[1])
    fuse(panel)
    assert ui.fusedSelector.currentNode() is None
    assert "'F'" in ui.resultLabel.text


def test_the_report_is_saved_where_the_user_wants_it(
    open_panel: OpenPanel, scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt

    ui = (panel := open_panel()).ui
    assert not ui.reportButton.visible
    fuse(panel)
    assert ui.reportButton.visible
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: "")
    ui.reportButton.click()
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: str(tmp_path / "mine"))
    ui.reportButton.click()
    text = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert "<h1>CT aligned to T1</h1>" in text
    assert text.count("<img") == 18
    assert f"saved as '{tmp_path / 'mine.html'}'" in ui.resultLabel.text
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", lambda *_: str(tmp_path / "no" / "report.html"))
    ui.reportButton.click()
    assert "cannot be written" in ui.resultLabel.text
    scene.RemoveNode(scene.GetFirstNodeByName("CT"))
    ui.reportButton.click()
    assert "There is no moving volume" in ui.resultLabel.text
