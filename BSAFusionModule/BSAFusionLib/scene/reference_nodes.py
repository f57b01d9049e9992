"""Nodes to measure with; light, because the panel asks whenever something changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import slicer

from ..engine.errors import BSAFusionError, InputError
from ..engine.landmarks import Landmarks, pair_landmarks
from ..engine.point_file import PointFile


@dataclass(frozen=True)
class ReferenceNodes:
    """Ids of the nodes to measure with, empty where none is chosen.

    Landmarks are vtkMRMLMarkupsFiducialNodes, segmentations vtkMRMLSegmentationNodes.
    """

    fixed_landmarks: str = ""
    moving_landmarks: str = ""
    fixed_segmentation: str = ""
    moving_segmentation: str = ""

    def problem(self, scene: slicer.vtkMRMLScene) -> str | None:
        """Say in one sentence which partner is missing, or why points are none; None when all is well."""
        for kind in ("landmarks", "segmentation"):
            chosen = {role: bool(getattr(self, f"{role}_{kind}")) for role in ("fixed", "moving")}
            if any(chosen.values()) and not all(chosen.values()):
                missing = "moving" if chosen["fixed"] else "fixed"
                return f"Choose the {missing} {kind} to measure with as well, or neither."
        if self.fixed_landmarks:
            try:
                read_landmarks(scene, self)
            except BSAFusionError as error:
                return error.message
        return None


def read_landmarks(scene: slicer.vtkMRMLScene, nodes: ReferenceNodes) -> Landmarks:
    """Read both lists in the world, RAS mm; points that are not placed are left out."""
    fixed, moving = (
        points_of(named_node(scene, node_id, "A list of landmarks to measure with"))
        for node_id in (nodes.fixed_landmarks, nodes.moving_landmarks)
    )
    return pair_landmarks(fixed, moving)


def named_node(scene: slicer.vtkMRMLScene, node_id: str, what: str) -> slicer.vtkMRMLNode:
    """Return a node by id; raise InputError, beginning with what it was, where it has left the scene."""
    node = scene.GetNodeByID(node_id)
    if node is None:
        raise InputError(f"{what} is no longer in the scene: choose another.")
    return node


def points_of(node: slicer.vtkMRMLMarkupsNode) -> PointFile:
    """Read a list of points with its labels, in the world, RAS mm; what is not placed is left out."""
    placed = [
        n
        for n in range(node.GetNumberOfControlPoints())
        if node.GetNthControlPointPositionStatus(n) == node.PositionDefined
    ]
    points = np.array([node.GetNthControlPointPositionWorld(n) for n in placed], float).reshape(-1, 3)
    labels = [node.GetNthControlPointLabel(n) for n in placed]
    return PointFile(points, labels, None, np.ones_like(points))
