"""Engine volumes as new nodes."""

from __future__ import annotations

import slicer

from ..engine.volume import Volume
from .vtk_bridge import image_data, matrix


def add_volume(scene: slicer.vtkMRMLScene, volume: Volume) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a vtkMRMLScalarVolumeNode that shares the volume's voxels, at its place, RAS mm."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", volume.name)
    node.SetIJKToRASMatrix(matrix(volume.ijk_to_ras))
    node.SetAndObserveImageData(image_data(volume.array))
    node.CreateDefaultDisplayNodes()
    return node
