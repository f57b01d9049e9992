"""A published fusion of a head with known content, and what a scene and its views look like."""

from __future__ import annotations

import numpy as np
import slicer
from BSAFusionLib.engine.color import fuse_color
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.scene.display import fit
from BSAFusionLib.scene.fusion_nodes import FusionNodes, find_fusions
from BSAFusionLib.scene.publish import publish
from numpy.typing import NDArray

from Testing.engine.phantoms import axial_grid, head, rigid, smooth_field
from Testing.host.views import render_slice_view
from Testing.scene.nodes import add_volume

GRID = axial_grid((2.0, 2.0, 4.0))
INITIAL = rigid((3, -4, 12), (14, -9, 6))
SIZE = (240, 250)
WINDOWS = {"mr": (0.0, 800.0), "ct": (-200.0, 1000.0), "pet": (0.0, 10.0)}


def published_fusion(scene: slicer.vtkMRMLScene, modality: str = "ct", bend_mm: float = 1.5) -> FusionNodes:
    """The moving head is turned, shifted and bent a little; all views show the fixed one."""
    fixed = head(GRID, "mr")
    moving = head(GRID, modality, np.linalg.inv(INITIAL))
    displacement = smooth_field(GRID, bend_mm).astype(np.float32)
    aligned = resample(moving, GRID, INITIAL, displacement)
    low, high = WINDOWS[modality]
    tracer = np.clip((aligned - low) / (high - low), 0, 1)
    fused = np.clip(fixed.array / 1600 + tracer / 2, 0, 1)
    color = fuse_color(fused, tracer, "pet-heat") if modality == "pet" else None
    geometry = {
        "fixed": {"modality": "mr", "window": list(WINDOWS["mr"])},
        "moving": {"modality": modality, "window": [low, high]},
    }
    nodes = [add_volume(scene, volume) for volume in (fixed, moving)]
    for node, limits in zip(nodes, (WINDOWS["mr"], (low, high)), strict=True):
        node.GetDisplayNode().SetAutoWindowLevel(False)
        node.GetDisplayNode().SetWindowLevelMinMax(*limits)
    result = FusionResult(
        fused=fixed.with_array(fused),
        aligned=fixed.with_array(aligned),
        displacement=displacement,
        initial=INITIAL,
        modality=modality,
        fused_color=color,
        report={"geometry": geometry},
    )
    publish(scene, result, nodes[0].GetID(), nodes[1].GetID())
    for name in ("Red", "Yellow", "Green"):
        scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode").SetBackgroundVolumeID(nodes[0].GetID())
        scene.GetSingletonNode(name, "vtkMRMLSliceNode").SetDimensions(*SIZE, 1)
    fit(scene, nodes[0].GetID())
    return find_fusions(scene)[-1]


def state(scene: slicer.vtkMRMLScene) -> str:
    """All nodes of a scene and all they hold but voxels, as Slicer would save them."""
    scene.SetSaveToXMLString(1)
    scene.Commit()
    scene.SetSaveToXMLString(0)  # else no file could be written any more
    ids = [scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())]
    return scene.GetSceneXMLString() + str(ids)


def observers(scene: slicer.vtkMRMLScene) -> int:
    """How many observers the scene and its nodes have."""
    nodes = [scene, *(scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes()))]
    return sum(str(node).count("vtkObserver") for node in nodes)


def picture(scene: slicer.vtkMRMLScene, name: str = "Red") -> NDArray[np.int64]:
    """The view as it is drawn, (rows, columns, 3), top row first."""
    return render_slice_view(scene, name, SIZE).astype(int)


def picture_of(scene: slicer.vtkMRMLScene, volume: slicer.vtkMRMLVolumeNode) -> NDArray[np.int64]:
    """The red view as it is drawn with one volume alone."""
    layers = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    before = layers.GetBackgroundVolumeID(), layers.GetForegroundVolumeID(), layers.GetForegroundOpacity()
    layers.SetBackgroundVolumeID(volume.GetID())
    layers.SetForegroundVolumeID(None)
    drawn = picture(scene)
    layers.SetBackgroundVolumeID(before[0])
    layers.SetForegroundVolumeID(before[1])
    layers.SetForegroundOpacity(before[2])
    return drawn


def is_line(drawn: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where a picture is yellow: (rows, columns)."""
    return (drawn[..., 0] > 180) & (drawn[..., 1] > 150) & (drawn[..., 2] < 90)


def pixel_ras(scene: slicer.vtkMRMLScene, pixels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Places of pixels of the red view, (N, 2) as (row from the top, column): (N, 3), RAS mm."""
    to_ras = slicer.util.arrayFromVTKMatrix(scene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetXYToRAS())
    rows, columns = pixels.T
    xy = np.stack([columns, SIZE[1] - 1 - rows, np.zeros_like(rows), np.ones_like(rows)])
    return np.asarray((to_ras @ xy).T[:, :3])
