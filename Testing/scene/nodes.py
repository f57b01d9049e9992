"""Nodes made by Slicer's own functions, so that the code under test is checked against another way."""

from __future__ import annotations

import numpy as np
import slicer.util
import vtk
from BSAFusionLib.engine.volume import Grid, Volume
from numpy.typing import NDArray
from slicer import vtkMRMLNode, vtkMRMLScene, vtkMRMLTransformNode
from vtkmodules.util.numpy_support import vtk_to_numpy


def add_volume(
    scene: vtkMRMLScene, volume: Volume, class_name: str = "vtkMRMLScalarVolumeNode"
) -> vtkMRMLNode:
    node = scene.AddNewNodeByClass(class_name, volume.name)
    slicer.util.updateVolumeFromArray(node, volume.array)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(volume.ijk_to_ras))
    node.CreateDefaultDisplayNodes()
    return node


def add_linear(scene: vtkMRMLScene, to_parent: NDArray[np.float64], name: str = "linear") -> vtkMRMLNode:
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(to_parent))
    return node


def add_warp(
    scene: vtkMRMLScene, displacement: NDArray[np.float64], grid: Grid, name: str = "warp"
) -> vtkMRMLNode:
    """From the world to the node: x + displacement(x), linear between the nodes of grid."""
    image = vtk.vtkImageData()
    image.SetDimensions(*grid.shape[::-1])
    image.SetSpacing(*grid.spacing)
    image.SetOrigin(*grid.ijk_to_ras[:3, 3])
    image.AllocateScalars(vtk.VTK_DOUBLE, 3)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = displacement.reshape(-1, 3)
    direction = np.eye(4)
    direction[:3, :3] = grid.direction
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(image)
    transform.SetGridDirectionMatrix(slicer.util.vtkMatrixFromArray(direction))
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
    node.SetAndObserveTransformFromParent(transform)
    return node


def map_points(node: vtkMRMLTransformNode, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the world, RAS mm, to the space of what lies under a transform node."""
    transform = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(transform)
    return np.array([transform.TransformPoint(*point) for point in points.tolist()])
