"""Where the initial alignment begins, by nodes; light, because the panel asks whenever something changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import slicer
import vtk

from ..engine.config import FusionConfig
from ..engine.errors import InputError
from ..engine.landmarks import pair_landmarks
from ..engine.start import Rows, as_rows, check_transform
from .reference_nodes import named_node, points_of
from .vtk_bridge import array


@dataclass(frozen=True)
class StartNodes:
    """Ids of the nodes to begin at, empty where none is chosen.

    transform: a linear vtkMRMLTransformNode under which the moving volume would lie on the fixed one.
    fixed_points, moving_points: vtkMRMLMarkupsFiducialNodes with the same places of both volumes.
    """

    transform: str = ""
    fixed_points: str = ""
    moving_points: str = ""

    def applied(self, scene: slicer.vtkMRMLScene, config: FusionConfig, moving_id: str) -> FusionConfig:
        """Return config with this start, if there is one; InputError says why it cannot be used."""
        points = self.fixed_points, self.moving_points
        if any(points) and not all(points):
            missing = "moving" if self.fixed_points else "fixed"
            raise InputError(f"Choose the {missing} points to start at as well, or neither.")
        if self.transform and any(points):
            raise InputError("A start transform and start points are both chosen: choose one of them.")
        if self.transform:
            return replace(config, init_transform=_to_moving(scene, self.transform, moving_id))
        if any(points):
            return replace(config, init_landmarks=_pairs(scene, *points))
        return config


def _to_moving(scene: slicer.vtkMRMLScene, transform_id: str, moving_id: str) -> Rows:
    """From fixed to moving points, RAS mm, parents included."""
    node = named_node(scene, transform_id, "The transform to start at")
    if not node.IsTransformToWorldLinear():
        raise InputError(
            f"'{node.GetName()}' is not linear, it bends the volume: start at a rigid or an affine transform."
        )
    if _lies_under(scene.GetNodeByID(moving_id), node):
        raise InputError(
            f"The moving volume already lies under '{node.GetName()}', which would count twice: "
            "take it out of there, or start at another transform."
        )
    to_world = vtk.vtkMatrix4x4()
    node.GetMatrixTransformToWorld(to_world)
    return as_rows(np.asarray(np.linalg.inv(check_transform(array(to_world))), np.float64))


def _lies_under(volume: slicer.vtkMRMLNode | None, transform: slicer.vtkMRMLTransformNode) -> bool:
    parent = volume.GetParentTransformNode() if volume is not None else None
    while parent is not None:
        if parent is transform:
            return True
        parent = parent.GetParentTransformNode()
    return False


def _pairs(scene: slicer.vtkMRMLScene, fixed_id: str, moving_id: str) -> tuple[Rows, Rows]:
    fixed, moving = (
        points_of(named_node(scene, node_id, "The list of points to start at"))
        for node_id in (fixed_id, moving_id)
    )
    found = pair_landmarks(fixed, moving)
    return as_rows(found.fixed), as_rows(found.moving)
