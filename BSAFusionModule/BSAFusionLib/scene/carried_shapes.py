"""Markups and models in another space, through a transform."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from .moved_points import move_mesh
from .passage import Passage
from .vtk_bridge import create_node, matrix

_RIGID = ("vtkMRMLMarkupsPlaneNode", "vtkMRMLMarkupsROINode")
_STEP_MM = 5.0  # around the middle of a plane or box, to learn how it turns


def carried_model(
    scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLModelNode, passage: Passage
) -> slicer.vtkMRMLModelNode:
    """Make a copy, not in the scene yet, whose points are carried over."""
    copy = create_node(scene, node.GetClassName())
    copy.CopyContent(node, True)
    copy.SetAndObserveMesh(move_mesh(node.GetMesh(), lambda points: passage.send(node, points)))
    return copy


def carried_markups(
    scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLMarkupsNode, passage: Passage
) -> slicer.vtkMRMLMarkupsNode:
    """Make a copy, not in the scene yet, whose control points are carried over.

    A plane or a box (ROI) cannot bend: it is moved and turned as its middle is.
    """
    copy = create_node(scene, node.GetClassName())
    copy.CopyContent(node, True)
    if node.GetClassName() in _RIGID:
        turn = vtk.vtkTransform()
        turn.SetMatrix(matrix(_rigid_at_middle(node, passage)))
        copy.ApplyTransform(turn, True)
        return copy
    placed = [
        n
        for n in range(node.GetNumberOfControlPoints())
        if node.GetNthControlPointPositionStatus(n) == node.PositionDefined
    ]
    points = np.array([node.GetNthControlPointPosition(n) for n in placed]).reshape(-1, 3)
    for n, position in zip(placed, passage.send(node, points).tolist(), strict=True):
        copy.SetNthControlPointPosition(n, position)
    return copy


def _rigid_at_middle(node: slicer.vtkMRMLMarkupsNode, passage: Passage) -> NDArray[np.float64]:
    """4 x 4, RAS mm: the rigid motion most like the passage around the middle of a plane or box."""
    middle = np.array(node.GetCenter())
    around = np.concatenate([_STEP_MM * np.eye(3), -_STEP_MM * np.eye(3)])
    sent = passage.send(node, np.concatenate([middle[None], middle + around]))
    slopes = (sent[1:4] - sent[4:7]).T / (2 * _STEP_MM)
    left, _, right = np.linalg.svd(slopes)
    rigid = np.eye(4)
    rigid[:3, :3] = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    rigid[:3, 3] = sent[0] - rigid[:3, :3] @ middle
    return rigid
