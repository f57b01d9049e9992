from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer.util
import vtk
from BSAFusionLib.engine.color import LUMA
from BSAFusionLib.scene.fusion_nodes import FusionNodes, find_fusions
from BSAFusionLib.scene.palette import palette, shown_colors
from BSAFusionLib.scene.presets import COLORS, WINDOWS, apply_colors, apply_window_preset, windows
from BSAFusionLib.scene.recolor import Recolor
from slicer import vtkMRMLScene
from vtkmodules.util.numpy_support import vtk_to_numpy

from Testing.scene.review_scene import published_fusion


def colors(fusion: FusionNodes) -> np.ndarray:
    return np.asarray(slicer.util.arrayFromVolume(fusion.get("color"))).copy()


@pytest.fixture
def fusion(scene: vtkMRMLScene) -> FusionNodes:
    return published_fusion(scene, "pet")


def test_the_picture_takes_the_colours_and_the_window_of_the_moving_volume(fusion: FusionNodes) -> None:
    before, node = colors(fusion), fusion.get("color").GetID()
    recolor = Recolor(fusion)
    assert recolor.problem is None
    fusion.moving.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLPETProceduralColorNodePET-DICOM")
    recolor.apply(1.0)
    dicom = colors(fusion)
    assert (dicom != before).any(axis=-1).mean() > 0.2
    np.testing.assert_allclose(dicom @ LUMA, before @ LUMA, atol=2.5)  # brightness is the fused value
    fusion.moving.GetDisplayNode().SetWindowLevelMinMax(0, 3)
    recolor.apply(1.0)
    assert (colors(fusion) != dicom).any(axis=-1).mean() > 0.05
    assert fusion.get("color").GetID() == node


def test_hues_are_those_of_the_palette_under_the_aligned_value(fusion: FusionNodes) -> None:
    display = fusion.moving.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")
    display.SetWindowLevelMinMax(0, 8)
    Recolor(fusion).apply(1.0)
    aligned = slicer.util.arrayFromVolume(fusion.get("aligned"))
    index = np.clip(np.rint(aligned * 255 / 8), 0, 255).astype(int)
    shades = palette(display.GetColorNode()).astype(float)[index]
    chroma, found = (c - (c @ LUMA)[..., None] for c in (shades, colors(fusion).astype(float)))
    strong = (np.linalg.norm(chroma, axis=-1) > 40) & (np.linalg.norm(found, axis=-1) > 40)
    assert strong.mean() > 0.05
    along = (chroma * found).sum(-1) / np.linalg.norm(chroma, axis=-1) / np.linalg.norm(found, axis=-1)
    assert along[strong].min() > 0.99


def test_strength_goes_from_grey_to_full_colour(fusion: FusionNodes) -> None:
    recolor = Recolor(fusion)
    fusion.moving.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLPETProceduralColorNodePET-Heat")
    spreads = []
    for strength in (0.0, 0.5, 1.0):
        recolor.apply(strength)
        spreads.append(np.ptp(colors(fusion).astype(int), axis=-1).mean())
    assert spreads[0] == 0
    assert spreads[1] == pytest.approx(spreads[2] / 2, rel=0.1)


def test_reset_brings_back_what_the_fusion_gave(fusion: FusionNodes) -> None:
    before, recolor = colors(fusion).astype(int), Recolor(fusion)
    recolor.apply(0.2)
    recolor.reset()
    assert np.abs(colors(fusion) - before).max() <= 6
    assert np.abs(colors(fusion) - before).mean() < 1


def test_it_works_after_a_scene_was_saved_and_loaded(
    scene: vtkMRMLScene, fusion: FusionNodes, tmp_path: Path
) -> None:
    before = colors(fusion).astype(int)
    scene.WriteToMRB(str(tmp_path / "scene.mrb"))
    scene.Clear()
    scene.ReadFromMRB(str(tmp_path / "scene.mrb"))
    (loaded,) = find_fusions(scene)
    Recolor(loaded).reset()
    assert np.abs(colors(loaded) - before).mean() < 1


def test_without_a_picture_in_colour_it_says_why(scene: vtkMRMLScene) -> None:
    assert "PET or SPECT" in (Recolor(published_fusion(scene, "ct")).problem or "")


@pytest.mark.parametrize("color_id", COLORS.values())
def test_palettes_are_slicers_own(scene: vtkMRMLScene, fusion: FusionNodes, color_id: str) -> None:
    apply_colors(color_id, fusion.moving)
    display = fusion.moving.GetDisplayNode()
    display.SetInputImageDataConnection(fusion.moving.GetImageDataConnection())
    drawn = shown_by_slicer(display)
    ours = shown_colors(slicer.util.arrayFromVolume(fusion.moving), fusion.moving)
    assert scene.GetNodeByID(color_id) is not None
    assert np.abs(drawn.astype(int) - ours).mean() < 2
    assert np.percentile(np.abs(drawn.astype(int) - ours), 99) <= 8


def shown_by_slicer(display: Any) -> np.ndarray:
    """What Slicer's display pipeline makes of all voxels, (K, J, I, 3)."""
    port = display.GetOutputImageDataConnection()
    port.GetProducer().Update()
    image: vtk.vtkImageData = port.GetProducer().GetOutputDataObject(port.GetIndex())
    columns, rows, slices = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars())
    return np.asarray(pixels.reshape(slices, rows, columns, -1)[..., :3])


def test_window_presets_show_both_volumes_alike(scene: vtkMRMLScene) -> None:
    fusion = published_fusion(scene, "ct")
    for window in windows("ct"):
        limits = apply_window_preset(window, "ct", fusion.moving, fusion.get("aligned"))
        for node in (fusion.moving, fusion.get("aligned")):
            display = node.GetDisplayNode()
            assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx(limits)
            assert not display.GetAutoWindowLevel()
        assert limits == window.limits


@pytest.mark.parametrize("modality", WINDOWS)
def test_every_preset_gives_a_window(scene: vtkMRMLScene, modality: str) -> None:
    fusion = published_fusion(scene, modality if modality in ("ct", "pet") else "ct")
    node = fusion.fixed if modality == "mr" else fusion.moving
    for window in windows(modality):
        low, high = apply_window_preset(window, modality, node)
        assert high > low


def test_mr_percentiles_leave_the_extremes_out(scene: vtkMRMLScene) -> None:
    fusion = published_fusion(scene)
    array = slicer.util.arrayFromVolume(fusion.fixed)
    array[0, 0, 0] = 50_000
    slicer.util.arrayFromVolumeModified(fusion.fixed)
    _, high = apply_window_preset(windows("mr")[0], "mr", fusion.fixed)
    assert high < 2000
