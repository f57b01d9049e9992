"""Meshes and markups whose points go elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy

Move = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From points to points, (N, 3), RAS mm."""


def move_mesh(mesh: vtk.vtkPointSet, move: Move) -> vtk.vtkPointSet:
    """Copy a mesh and send its points through move; a surface's normals are computed anew."""
    moved = mesh.NewInstance()
    moved.DeepCopy(mesh)
    points = vtk.vtkPoints()
    points.SetDataTypeToDouble()
    before = vtk_to_numpy(mesh.GetPoints().GetData()).astype(np.float64)
    points.SetData(numpy_to_vtk(move(before), deep=True))
    moved.SetPoints(points)
    if not moved.IsA("vtkPolyData") or moved.GetPointData().GetNormals() is None:
        return moved
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(moved)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()
