"""A fusion's transform applied in part."""

from __future__ import annotations

import slicer
import vtk

from ..engine.errors import InputError
from ..engine.matrix_power import matrix_power
from .vtk_bridge import array, matrix


class PartialWarp:
    """A transform node's mapping from the world, from nothing (0) to all of it (1), RAS mm.

    The displacement is scaled; a linear part is taken to that power, so that a turn stays a turn. Works for
    chains of matrices, displacement grids and B-splines; raises InputError for others.
    """

    def __init__(self, node: slicer.vtkMRMLTransformNode) -> None:
        total, flat = vtk.vtkGeneralTransform(), vtk.vtkCollection()
        node.GetTransformFromWorld(total)
        slicer.vtkMRMLTransformNode.FlattenGeneralTransform(flat, total)
        self._parts = [flat.GetItemAsObject(n) for n in range(flat.GetNumberOfItems())]  # first one first
        for part in self._parts:
            if not (part.IsA("vtkHomogeneousTransform") or hasattr(part, "SetDisplacementScale")):
                raise InputError(
                    f"'{node.GetName()}' holds a {part.GetClassName()}, which cannot be applied in part: "
                    "harden it into a displacement grid first."
                )

    def at(self, share: float) -> vtk.vtkGeneralTransform:
        """Return the mapping for a share from 0 to 1; displacement grids are shared, not copied."""
        total = vtk.vtkGeneralTransform()
        for part in reversed(self._parts):  # the last one concatenated is applied first
            if part.IsA("vtkHomogeneousTransform"):
                total.Concatenate(matrix(matrix_power(array(part.GetMatrix()), share)))
            elif share > 0:
                scaled = part.MakeTransform()
                scaled.DeepCopy(part)
                scaled.SetDisplacementScale(share * part.GetDisplacementScale())
                if hasattr(scaled, "SetInterpolationModeToLinear"):
                    scaled.SetInterpolationModeToLinear()  # twice as fast as cubic, and not to be told apart
                total.Concatenate(scaled)
        return total
