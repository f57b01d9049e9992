"""The module's self-test, in desktop Slicer and in its stand-in: real processes, nodes and clicks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import slicer.util

from ..app.script import ResultNodes
from ..engine.errors import BSAFusionError
from ..engine.phantom import HeadPair, head_pair
from ..scene.add_volume import add_volume

_PATIENCE = 120.0  # seconds; the first run starts PyTorch


def run_all(test: Any, logic: Any, new_widget: Callable[[], Any]) -> None:
    """Run every part on a scene of its own.

    test: the TestCase that asserts and tells. logic: the module's. new_widget: makes its panel in a window.
    """
    test.setUp()
    fuses_from_a_script(test, logic)
    test.setUp()
    refuses_bad_input(test, logic)
    test.setUp()
    fuses_and_cancels_in_the_panel(test, new_widget)
    test.delayDisplay("BSAFusion works.")


def fuses_from_a_script(test: Any, logic: Any) -> None:
    """The landmark error halves, references are right, originals stay, points go there and back."""
    pair, fixed, moving = _phantom_nodes()
    before = [slicer.util.arrayFromVolume(node).copy() for node in (fixed, moving)]
    nodes = logic.process(fixed, moving)
    for node, array in zip((fixed, moving), before, strict=True):
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), array)
    test.assertEqual(slicer.util.arrayFromVolume(nodes.fused).shape, pair.fixed.shape)
    test.assertEqual(nodes.transform.GetNodeReferenceID("spatialRegistrationFixed"), fixed.GetID())
    test.assertEqual(nodes.transform.GetNodeReferenceID("spatialRegistrationMoving"), moving.GetID())
    untouched, aligned = _landmark_errors(pair, nodes.transform)
    test.delayDisplay(f"Landmark error {untouched:.1f} mm before, {aligned:.1f} mm after.")
    test.assertLess(aligned, untouched / 2)
    _carries_over(test, logic, pair, nodes.transform)
    _comes_back(test, nodes)


def refuses_bad_input(test: Any, logic: Any) -> None:
    """One sentence, and the scene stays as it was."""
    _pair, fixed, moving = _phantom_nodes()
    moving.SetOrigin(2000, 0, 0)
    before = slicer.mrmlScene.GetNumberOfNodes()
    with test.assertRaisesRegex(BSAFusionError, "do not overlap"):
        logic.process(fixed, moving)
    with test.assertRaisesRegex(BSAFusionError, "the same"):
        logic.process(fixed, fixed)
    test.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)


def fuses_and_cancels_in_the_panel(test: Any, new_widget: Callable[[], Any]) -> None:
    """Two volumes are chosen; one click fuses, another updates, a third cancels; bad input is told."""
    _pair, fixed, moving = _phantom_nodes()
    with _panel(new_widget) as (ui, controller):
        test.assertIs(ui.fixedSelector.currentNode(), fixed)
        test.assertIs(ui.movingSelector.currentNode(), moving)
        ui.fuseButton.click()
        _wait(lambda: not controller.state.is_busy)
        test.assertIsNotNone(ui.fusedSelector.currentNode(), ui.resultLabel.text)
        before = slicer.mrmlScene.GetNumberOfNodes()
        ui.fuseButton.click()
        _wait(lambda: ui.progressBar.value > 0)
        test.assertEqual(ui.fuseButton.text, "Cancel")
        ui.fuseButton.click()
        test.assertFalse(controller.state.is_busy)
        test.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        ui.movingSelector.setCurrentNode(fixed)
        test.assertFalse(ui.fuseButton.enabled)
        test.assertIn("the same", ui.reasonLabel.text)


def _phantom_nodes() -> tuple[HeadPair, Any, Any]:
    pair = head_pair(size=64, slices=16)
    return pair, *(add_volume(slicer.mrmlScene, volume) for volume in (pair.fixed, pair.moving))


def _landmark_errors(pair: HeadPair, transform: Any) -> tuple[float, float]:
    """Mean distance, mm, of landmarks from where they truly are: untouched, and moved by the transform."""
    import vtk

    from_world = vtk.vtkGeneralTransform()
    transform.GetTransformFromWorld(from_world)
    points = pair.landmarks()
    truth = pair.true_moving_points(points)
    moved = np.array([from_world.TransformPoint(*point) for point in points.tolist()])
    return tuple(float(np.linalg.norm(p - truth, axis=1).mean()) for p in (points, moved))  # type: ignore[return-value]


def _carries_over(test: Any, logic: Any, pair: HeadPair, transform: Any) -> None:
    """Points of the MR, carried to the CT and back, lie where they were."""
    points = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Targets")
    for point in pair.landmarks().tolist():
        points.AddControlPoint(point)
    (there,) = logic.apply(transform, [points], inverse=True)
    (back,) = logic.apply(transform, [there])
    for n in range(points.GetNumberOfControlPoints()):
        first, last = (np.array(node.GetNthControlPointPositionWorld(n)) for node in (points, back))
        test.assertLess(np.linalg.norm(last - first), 0.01)


def _comes_back(test: Any, nodes: ResultNodes) -> None:
    """Save the scene, load it again, and find the same results."""
    fused = slicer.util.arrayFromVolume(nodes.fused).copy()
    name, transform = nodes.fused.GetName(), nodes.transform.GetName()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "scene.mrb")
        test.assertTrue(slicer.mrmlScene.WriteToMRB(file))
        slicer.mrmlScene.Clear()
        slicer.mrmlScene.ReadFromMRB(file)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(slicer.util.getNode(name)), fused)
    test.assertIsNotNone(slicer.util.getNode(transform).GetNodeReference("spatialRegistrationFixed"))


@contextmanager
def _panel(new_widget: Callable[[], Any]) -> Iterator[tuple[Any, Any]]:
    widget = new_widget()
    try:
        yield widget.ui, widget.panel.controller
    finally:
        widget.cleanup()
        widget.parent.deleteLater()


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The panel has not come to an end.")
        slicer.app.processEvents()
        time.sleep(0.005)
