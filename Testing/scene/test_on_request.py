"""Results that are made only when asked for: the way back, and the confidence map."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from BSAFusionLib.engine.inverse import invert
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.scene.bundle import write_bundle
from BSAFusionLib.scene.outputs import OFF, Outputs
from BSAFusionLib.scene.publish import publish
from slicer import vtkMRMLScene

from Testing.engine.phantoms import ramp
from Testing.scene.nodes import map_points
from Testing.scene.results import GRID, INITIAL, make_result, moved


@pytest.fixture(scope="module")
def result() -> FusionResult:
    plain = make_result()
    confidence = plain.fused.with_array(plain.fused.array**2, "confidence")
    return replace(plain, inverse=invert(plain.displacement, GRID, INITIAL), confidence=confidence)


def test_the_inverse_brings_points_back_to_where_they_came_from(
    scene: vtkMRMLScene, pair: tuple[str, str], result: FusionResult
) -> None:
    published = publish(scene, result, *pair)
    points, truth = moved(result)
    node = scene.GetNodeByID(published.inverse)
    assert np.linalg.norm(map_points(node, truth) - points, axis=1).max() < 0.1
    assert node.GetName() == "Head MR to Head CT"
    assert node.GetNodeReferenceID("spatialRegistrationFixed") == pair[1]
    assert node.GetNodeReferenceID("spatialRegistrationMoving") == pair[0]


def test_the_confidence_map_lies_on_the_fixed_grid_and_is_shown_from_0_to_1(
    scene: vtkMRMLScene, pair: tuple[str, str], result: FusionResult
) -> None:
    node = scene.GetNodeByID(publish(scene, result, *pair).confidence)
    assert node.GetImageData().GetDimensions() == GRID.shape[::-1]
    assert (node.GetDisplayNode().GetWindowLevelMin(), node.GetDisplayNode().GetWindowLevelMax()) == (0, 1)
    assert node.GetName() == "Confidence of Head CT to Head MR"


def test_they_are_left_out_where_they_were_not_made_or_are_switched_off(
    scene: vtkMRMLScene, pair: tuple[str, str], result: FusionResult
) -> None:
    published = publish(scene, make_result(), *pair)
    assert (published.inverse, published.confidence) == (None, None)
    published = publish(scene, result, *pair, Outputs(inverse=OFF, confidence=OFF))
    assert (published.inverse, published.confidence) == (None, None)


def test_the_inverse_survives_in_a_saved_scene(
    scene: vtkMRMLScene, tmp_path: Path, result: FusionResult
) -> None:
    write_bundle(ramp(GRID, "MR"), ramp(GRID, "CT"), result, tmp_path / "scene.mrb")
    assert scene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    points, truth = moved(result)
    back = map_points(scene.GetFirstNodeByName("MR to CT"), truth[::7])
    assert np.linalg.norm(back - points[::7], axis=1).max() < 0.1
    assert scene.GetFirstNodeByName("Confidence of CT to MR") is not None
