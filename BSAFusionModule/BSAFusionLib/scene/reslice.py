"""Volume nodes sampled on other grids in the world."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ..engine.volume import Grid
from .pull import pull
from .vtk_bridge import node_matrix, voxels


def sample(
    volume: slicer.vtkMRMLVolumeNode,
    grid: Grid,
    warp: vtk.vtkAbstractTransform | None = None,
    without: slicer.vtkMRMLTransformNode | None = None,
) -> NDArray[np.float32]:
    """Sample a volume on a grid in the world: volume(warp(x)) for every voxel's centre x, linear, (K, J, I).

    warp: RAS mm to RAS mm, identity when None. without: a parent transform to leave out, as if the volume had
    never been put under it. Outside the volume lies its minimum.
    """
    chain = from_world(volume, warp, without)
    image = pull(volume.GetImageData(), node_matrix(volume), chain, grid.shape, grid.ijk_to_ras, "linear")
    return voxels(image).astype(np.float32)


def parents(
    node: slicer.vtkMRMLTransformableNode, without: slicer.vtkMRMLTransformNode | None = None
) -> list[slicer.vtkMRMLTransformNode]:
    """List the transforms a node lies under, nearest first."""
    found, parent = [], node.GetParentTransformNode()
    while parent is not None:
        if parent is not without:
            found.append(parent)
        parent = parent.GetParentTransformNode()
    return found


def from_world(
    volume: slicer.vtkMRMLVolumeNode,
    warp: vtk.vtkAbstractTransform | None = None,
    without: slicer.vtkMRMLTransformNode | None = None,
) -> vtk.vtkAbstractTransform:
    """From warped points of the world to a volume's own RAS mm; a matrix where that is all there is."""
    above = parents(volume, without)
    linear = warp is None and all(node.IsLinear() for node in above)
    chain = vtk.vtkTransform() if linear else vtk.vtkGeneralTransform()  # last one first
    for node in above:
        if linear:
            from_parent = vtk.vtkMatrix4x4()
            node.GetMatrixTransformFromParent(from_parent)
            chain.Concatenate(from_parent)
        else:
            chain.Concatenate(node.GetTransformFromParent())
    if warp is not None:
        chain.Concatenate(warp)
    return chain
