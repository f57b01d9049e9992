"""Where the initial alignment begins, chosen in the panel."""

import json
from typing import Any

import numpy as np
import pytest

from Testing.panel.conftest import OpenPanel
from Testing.panel.parts import fuse

FIXED = [(0.0, 0.0, 0.0), (50.0, 0.0, 10.0), (0.0, 60.0, 20.0)]
MOVED = [(x + 1000.0, y, z) for x, y, z in FIXED]


def add_points(scene: Any, name: str, points: list[tuple[float, float, float]]) -> Any:
    import vtk

    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    for point in points:
        node.AddControlPoint(vtk.vtkVector3d(*point))
    return node


def add_transform(scene: Any, matrix: Any, name: str = "T", kind: str = "Linear") -> Any:
    import vtk

    node = scene.AddNewNodeByClass(f"vtkMRML{kind}TransformNode", name)
    elements = vtk.vtkMatrix4x4()
    elements.DeepCopy(np.asarray(matrix, float).ravel())
    node.SetMatrixTransformToParent(elements)
    return node


def shift(x: float) -> Any:
    matrix = np.eye(4)
    matrix[0, 3] = x
    return matrix


def configuration(ui: Any) -> dict[str, Any]:
    details = ui.detailsText.plainText
    return dict(json.loads(details[details.index("{") :])["configuration"])


def test_a_volume_far_away_is_fused_from_a_start_transform(
    open_panel: OpenPanel, scene: Any, pair: Any
) -> None:
    """The transform leads the moving volume onto the fixed one; the engine takes the way back."""
    pair[1].SetOrigin(1000, 0, 0)
    ui = (panel := open_panel()).ui
    assert "do not overlap" in ui.pairInfo.text
    assert not ui.fuseButton.enabled
    parent = add_transform(scene, shift(-900.0), "parent")
    node = add_transform(scene, shift(-100.0))
    node.SetAndObserveTransformNodeID(parent.GetID())
    ui.startTransformSelector.setCurrentNode(node)
    assert ui.pairInfo.text.startswith("At the start: They share 100%")
    assert ui.fuseButton.enabled
    fuse(panel)
    assert configuration(ui)["init_transform"] == shift(1000.0).tolist()


def test_points_are_handed_over_as_the_start_by_their_names(
    open_panel: OpenPanel, scene: Any, pair: Any
) -> None:
    pair[1].SetOrigin(1000, 0, 0)
    ui = (panel := open_panel()).ui
    nodes = [add_points(scene, "F", FIXED), add_points(scene, "M", MOVED[::-1])]
    for node, labels in zip(nodes, ("abc", "cba"), strict=True):
        for n, label in enumerate(labels):
            node.SetNthControlPointLabel(n, label)
    ui.fixedPointsSelector.setCurrentNode(nodes[0])
    assert ui.reasonLabel.text == "Choose the moving points to start at as well, or neither."
    ui.movingPointsSelector.setCurrentNode(nodes[1])
    assert ui.fuseButton.enabled
    fuse(panel)
    fixed, moving = configuration(ui)["init_landmarks"]
    np.testing.assert_allclose(fixed, FIXED)
    np.testing.assert_allclose(moving, MOVED)


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("fixed", "moving", "sentence"),
    [
        (FIXED, FIXED[:2], "There are 3 fixed and 2 moving landmarks"),
        (FIXED[:2], FIXED[:2], "There are 2 pairs of landmarks: at least 3 are needed"),
        ([(n, 0.0, 0.0) for n in range(4)], [(n, 0.0, 0.0) for n in range(4)], "lie on one line"),
    ],
)
def test_points_that_do_not_tell_the_start_are_refused_before_the_run(
    open_panel: OpenPanel, scene: Any, fixed: Any, moving: Any, sentence: str
) -> None:
    ui = open_panel().ui
    ui.fixedPointsSelector.setCurrentNode(add_points(scene, "F", fixed))
    ui.movingPointsSelector.setCurrentNode(add_points(scene, "M", moving))
    assert sentence in ui.reasonLabel.text
    assert not ui.fuseButton.enabled


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("diagonal", "sentence"), [((1, 1, 0, 1), "cannot be inverted"), ((-1, 1, 1, 1), "mirrors the patient")]
)
def test_a_matrix_that_no_patient_moves_by_is_refused(
    open_panel: OpenPanel, scene: Any, diagonal: Any, sentence: str
) -> None:
    ui = open_panel().ui
    ui.startTransformSelector.setCurrentNode(add_transform(scene, np.diag(diagonal)))
    assert sentence in ui.reasonLabel.text
    assert not ui.fuseButton.enabled


def test_a_transform_that_bends_or_counts_twice_is_refused_by_name(
    open_panel: OpenPanel, scene: Any, pair: Any
) -> None:
    import slicer

    ui = (panel := open_panel()).ui
    bent = scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    bent.SetAndObserveTransformFromParent(slicer.vtkOrientedGridTransform())
    ui.startTransformSelector.setCurrentNode(bent)
    assert "'bent' is not linear" in ui.reasonLabel.text
    above = add_transform(scene, shift(10.0), "above")
    ui.startTransformSelector.setCurrentNode(above)
    assert ui.fuseButton.enabled
    below = add_transform(scene, shift(5.0), "below")
    below.SetAndObserveTransformNodeID(above.GetID())
    pair[1].SetAndObserveTransformNodeID(below.GetID())
    panel.panel.refresh()
    assert "already lies under 'above'" in ui.reasonLabel.text


@pytest.mark.usefixtures("pair")
def test_there_is_one_start_and_swapping_keeps_only_what_still_holds(
    open_panel: OpenPanel, scene: Any
) -> None:
    ui = open_panel().ui
    fixed, moving = add_points(scene, "F", FIXED), add_points(scene, "M", FIXED)
    ui.fixedPointsSelector.setCurrentNode(fixed)
    ui.movingPointsSelector.setCurrentNode(moving)
    ui.startTransformSelector.setCurrentNode(add_transform(scene, shift(10.0)))
    assert ui.reasonLabel.text == "A start transform and start points are both chosen: choose one of them."
    ui.swapButton.click()
    assert ui.startTransformSelector.currentNode() is None
    assert ui.fixedPointsSelector.currentNode() is moving
    assert ui.movingPointsSelector.currentNode() is fixed
    assert ui.fuseButton.enabled
