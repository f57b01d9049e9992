"""The way through a registration transform, for points and for voxels, in either direction."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from .vtk_bridge import transformed

Points = NDArray[np.float64]

_INVERSE_TOLERANCE_MM = 1e-4  # Slicer inverts a grid to 0.01 mm only


class Passage:
    """From the moving space to the fixed one, or with inverse the other way; world RAS mm.

    transform: a node whose transform from the world leads from fixed to moving points, as a fusion makes it.
    pull: maps target points to source points, for resampling; push: source points to target points.
    The node's own transform is copied, so that nothing of the scene is changed.
    """

    def __init__(self, transform: slicer.vtkMRMLTransformNode, inverse: bool) -> None:
        from_world = vtk.vtkGeneralTransform()
        transform.GetTransformFromWorld(from_world)
        forth = _exact_copy(from_world)
        back = forth.GetInverse()
        self.pull: vtk.vtkAbstractTransform = back if inverse else forth
        self.push: vtk.vtkAbstractTransform = forth if inverse else back

    def send(self, node: slicer.vtkMRMLTransformableNode, points: Points) -> Points:
        """Send points, (N, 3), of a node's own space through its parents and then to the target space."""
        return transformed(transformed(points, to_world(node)), self.push)

    def pull_into(self, node: slicer.vtkMRMLTransformableNode) -> vtk.vtkGeneralTransform:
        """Build the transform from target points to points of a node's own space."""
        chain = vtk.vtkGeneralTransform()  # the last one concatenated is applied first
        from_world = vtk.vtkGeneralTransform()
        if node.GetParentTransformNode() is not None:
            node.GetParentTransformNode().GetTransformFromWorld(from_world)
        chain.Concatenate(from_world)
        chain.Concatenate(self.pull)
        return chain


def to_world(node: slicer.vtkMRMLTransformableNode) -> vtk.vtkGeneralTransform:
    """Build the transform from a node's own space to the world; identity without a parent."""
    transform = vtk.vtkGeneralTransform()
    if node.GetParentTransformNode() is not None:
        node.GetParentTransformNode().GetTransformToWorld(transform)
    return transform


def _exact_copy(transform: vtk.vtkGeneralTransform) -> vtk.vtkGeneralTransform:
    """Copy a chain of transforms, with inverses that are computed more exactly."""
    parts = vtk.vtkCollection()
    slicer.vtkMRMLTransformNode.FlattenGeneralTransform(parts, transform)
    copy = vtk.vtkGeneralTransform()
    for n in reversed(range(parts.GetNumberOfItems())):
        part = parts.GetItemAsObject(n)
        own = part.MakeTransform()
        own.DeepCopy(part)
        if own.IsA("vtkWarpTransform"):
            own.SetInverseTolerance(_INVERSE_TOLERANCE_MM)
        copy.Concatenate(own)
    return copy
