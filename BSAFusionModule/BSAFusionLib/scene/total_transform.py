"""Initial alignment and displacement as one transform that Slicer draws, applies and saves."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ..engine.inverse import InverseTransform
from ..engine.result import FusionResult
from ..engine.volume import Grid
from .vtk_bridge import image_data, matrix


def total_transform(result: FusionResult) -> vtk.vtkAbstractTransform:
    """Build x -> initial @ (x + u(x)), RAS mm, fixed to moving space, as a node's transform from its parent.

    The two parts stay two, in a vtkGeneralTransform: Slicer writes it as an ITK composite (.h5, also inside
    .mrb) and reads it back unchanged, bit for bit, between the grid's nodes and outside it as well. Folded
    into the displacement, the matrix would be right inside the grid only: outside, Slicer holds the
    displacement of the edge, and 30 mm away a turn of 10 degrees was wrong by 8 mm. A composite cannot be
    saved as .nrrd; without initial alignment the grid transform stands alone, and can.
    """
    warp = _grid_transform(result.displacement, result.fused.grid)
    if np.array_equal(result.initial, np.eye(4)):
        return warp
    total = vtk.vtkGeneralTransform()  # the last one concatenated is applied first
    total.Concatenate(matrix(result.initial))
    total.Concatenate(warp)
    return total


def inverse_transform(inverse: InverseTransform) -> vtk.vtkAbstractTransform:
    """Build the way back, RAS mm, moving to fixed space, in the same form: the matrix first, then v."""
    warp = _grid_transform(inverse.displacement, inverse.grid)
    if np.array_equal(inverse.initial, np.eye(4)):
        return warp
    total = vtk.vtkGeneralTransform()  # the last one concatenated is applied first
    total.Concatenate(warp)
    total.Concatenate(matrix(inverse.initial))
    return total


def _grid_transform(displacement: NDArray[np.float32], grid: Grid) -> slicer.vtkOrientedGridTransform:
    """Build x -> x + u(x), sharing the displacement's memory."""
    image = image_data(displacement)
    image.SetSpacing(*grid.spacing)
    image.SetOrigin(*grid.ijk_to_ras[:3, 3])
    direction = np.eye(4)
    direction[:3, :3] = grid.direction
    warp = slicer.vtkOrientedGridTransform()
    warp.SetDisplacementGridData(image)
    warp.SetGridDirectionMatrix(matrix(direction))
    warp.SetInterpolationModeToCubic()  # as Slicer's reader sets it: linear would map otherwise once reloaded
    return warp
