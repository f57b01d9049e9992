"""The slice views of a scene, and the grid on which a picture for one of them is made."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import numpy as np
import slicer
from numpy.typing import NDArray

from ..engine.volume import Grid
from .vtk_bridge import array

_MOST_SAMPLES = 400_000  # larger views are sampled more coarsely, to answer in time
_TOO_SMALL = 8  # pixels; a view that is not laid out yet


def slice_views(
    scene: slicer.vtkMRMLScene,
) -> Iterator[tuple[slicer.vtkMRMLSliceNode, slicer.vtkMRMLSliceCompositeNode]]:
    """Pair every slice view with the node that holds its layers."""
    layers = {}
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        node = scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode")
        layers[node.GetLayoutName()] = node
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
        view = scene.GetNthNodeByClass(n, "vtkMRMLSliceNode")
        if view.GetLayoutName() in layers:
            yield view, layers[view.GetLayoutName()]


def is_seen(view: slicer.vtkMRMLSliceNode) -> bool:
    """Whether a view is part of the present layout; without a desktop every view is."""
    scene = view.GetScene()
    return bool(view.IsMappedInLayout()) or not any(
        other.IsMappedInLayout() for other, _ in slice_views(scene)
    )


def picture_grid(view: slicer.vtkMRMLSliceNode, finest_mm: float) -> Grid | None:
    """Cover a slice view with samples: one per pixel, but none closer than finest_mm.

    Returns (1, rows, columns), i to the right and j up, RAS mm; None for a view without a size.
    """
    columns, rows, _ = view.GetDimensions()
    if min(columns, rows) < _TOO_SMALL:
        return None
    to_ras = array(view.GetXYToRAS())
    mm_per_pixel = float(np.linalg.norm(to_ras[:3, 0]))
    step = max(1.0, finest_mm / mm_per_pixel, (columns * rows / _MOST_SAMPLES) ** 0.5)
    place = to_ras.copy()
    place[:3, :2] *= step
    place[:3, 3] += to_ras[:3, :2] @ np.full(2, (step - 1) / 2)
    normal = np.cross(to_ras[:3, 0], to_ras[:3, 1])
    place[:3, 2] = normal / np.linalg.norm(normal)
    return Grid((1, ceil(rows / step), ceil(columns / step)), place)


def view_key(view: slicer.vtkMRMLSliceNode) -> tuple[object, ...]:
    """What a picture depends on: place, zoom, size, and whether the view is seen."""
    place: NDArray[np.float64] = array(view.GetXYToRAS())
    return (*place.ravel().tolist(), *view.GetDimensions(), is_seen(view))


def finest_spacing(volume: slicer.vtkMRMLVolumeNode) -> float:
    """Return the smallest distance between a volume's voxels, mm."""
    return float(min(volume.GetSpacing()))
