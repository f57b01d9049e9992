"""Between NumPy, VTK and MRML, without copying voxels."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy


def image_data(array: NDArray[np.generic]) -> vtk.vtkImageData:
    """Wrap (K, J, I) scalars or (K, J, I, C) vectors as vtkImageData; spacing 1, origin 0.

    The image shares the array's memory and keeps it alive; only what VTK cannot use as it is
    (not contiguous, read-only) is copied.
    """
    shared = np.require(array, requirements=["C", "W"])
    slices, rows, columns = shared.shape[:3]
    image = vtk.vtkImageData()
    image.SetDimensions(columns, rows, slices)
    components = shared.shape[3:]
    image.GetPointData().SetScalars(numpy_to_vtk(shared.reshape(-1, *components)))
    return image


def voxels(image: vtk.vtkImageData) -> NDArray[np.generic]:
    """View one-component vtkImageData as (K, J, I), in its own type, sharing memory."""
    columns, rows, slices = image.GetDimensions()
    array: NDArray[np.generic] = vtk_to_numpy(image.GetPointData().GetScalars())
    return array.reshape(slices, rows, columns)


def matrix(array: NDArray[np.floating]) -> vtk.vtkMatrix4x4:
    """Copy a 4 x 4 array."""
    result = vtk.vtkMatrix4x4()
    result.DeepCopy(array.ravel().tolist())
    return result


def array(matrix: vtk.vtkMatrix4x4) -> NDArray[np.float64]:
    """Copy a vtkMatrix4x4 into a 4 x 4 float64 array."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def node_matrix(node: slicer.vtkMRMLVolumeNode) -> NDArray[np.float64]:
    """4 x 4 from (i, j, k, 1) to a volume node's own RAS mm."""
    ijk_to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(ijk_to_ras)
    return array(ijk_to_ras)


def transformed(points: NDArray[np.float64], transform: vtk.vtkAbstractTransform) -> NDArray[np.float64]:
    """Send points, (N, 3), through a transform; float64, (N, 3)."""
    if not len(points):
        return points
    before, after = vtk.vtkPoints(), vtk.vtkPoints()
    before.SetData(numpy_to_vtk(np.ascontiguousarray(points, dtype=np.float64)))
    after.SetDataTypeToDouble()
    transform.TransformPoints(before, after)
    return np.array(vtk_to_numpy(after.GetData()))


def create_node(scene: slicer.vtkMRMLScene, class_name: str) -> slicer.vtkMRMLNode:
    """Make a node with the scene's defaults that is not in the scene yet."""
    node = scene.CreateNodeByClass(class_name)
    node.UnRegister(None)  # Python holds its own reference
    return node


def create_view_node(scene: slicer.vtkMRMLScene, class_name: str, name: str) -> slicer.vtkMRMLNode:
    """Make the one node of its class for the view `name`; it is not in the scene yet."""
    node = create_node(scene, class_name)
    node.SetName(name)
    node.SetSingletonTag(name)
    node.SetLayoutName(name)
    return node
