"""A volume on the grid of another one, through a transform."""

from __future__ import annotations

import numpy as np
import slicer
from vtkmodules.util.numpy_support import vtk_to_numpy

from ..engine.volume import Grid
from .passage import Passage
from .pull import pull
from .vtk_bridge import create_node, matrix, node_matrix


def carried_volume(
    scene: slicer.vtkMRMLScene,
    node: slicer.vtkMRMLVolumeNode,
    passage: Passage,
    grid: Grid,
    interpolation: str,
) -> slicer.vtkMRMLVolumeNode:
    """Make a volume node of the same kind, not in the scene yet, interpolated once; label maps by nearest.

    Values stay in their own unit, which the copy names as the original does.
    """
    is_label_map = node.IsA("vtkMRMLLabelMapVolumeNode")
    chosen = "nearest" if is_label_map else interpolation
    place = node_matrix(node)
    image = pull(node.GetImageData(), place, passage.pull_into(node), grid.shape, grid.ijk_to_ras, chosen)
    if chosen == "sinc":
        low, high = node.GetImageData().GetScalarRange()
        values = vtk_to_numpy(image.GetPointData().GetScalars())
        np.clip(values, low, high, out=values)  # the kernel swings past edges; no SUV is below zero
    copy = create_node(scene, node.GetClassName())
    copy.SetIJKToRASMatrix(matrix(grid.ijk_to_ras))
    copy.SetAndObserveImageData(image)
    copy.SetVoxelValueQuantity(node.GetVoxelValueQuantity())
    copy.SetVoxelValueUnits(node.GetVoxelValueUnits())
    return copy
