"""Volume nodes sampled on other grids in the world."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ..engine.volume import Grid
from .pull import pull
from .vtk_bridge import array, node_matrix, voxels

_ALONG = 1e-3  # voxels a sample; less is across the slice


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


def well_inside(volume: slicer.vtkMRMLVolumeNode, grid: Grid) -> NDArray[np.bool_]:
    """Say where a one-slice grid lies a voxel inside a volume's border: bool, (1, rows, columns).

    Everywhere for a volume under a transform that is not linear.
    """
    chain = from_world(volume)
    if not chain.IsA("vtkLinearTransform"):
        return np.ones(grid.shape, bool)
    to_index = np.linalg.inv(node_matrix(volume)) @ array(chain.GetMatrix()) @ grid.ijk_to_ras
    rows, columns = np.arange(grid.shape[1])[:, None], np.arange(grid.shape[2])
    inside = np.ones(grid.shape, bool)
    for axis, count in enumerate(volume.GetImageData().GetDimensions()):
        along_columns, along_rows, _, start = to_index[axis]
        if abs(along_columns) + abs(along_rows) > _ALONG:
            index = start + along_columns * columns + along_rows * rows
            inside &= (index >= 1) & (index <= count - 2)
    return inside
