"""Where the results of a fusion go in a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import slicer

from ..engine.errors import InputError

NEW = "new"
OFF = "off"


@dataclass(frozen=True)
class Outputs:
    """The destination of each result: NEW, OFF, or the id of a node that is to be updated.

    fused: vtkMRMLScalarVolumeNode. color: vtkMRMLVectorVolumeNode, made for PET and SPECT only.
    aligned: vtkMRMLScalarVolumeNode. transform: vtkMRMLTransformNode. quality: vtkMRMLTableNode.
    slices: vtkMRMLTableNode, with its charts.
    inverse: vtkMRMLTransformNode, confidence: vtkMRMLScalarVolumeNode; only where they are asked for.
    """

    fused: str = NEW
    color: str = NEW
    aligned: str = NEW
    transform: str = NEW
    quality: str = NEW
    slices: str = NEW
    inverse: str = NEW
    confidence: str = NEW


@dataclass(frozen=True)
class Published:
    """Ids of the nodes that hold the results; None for a result that was not asked for or not made."""

    fused: str | None = None
    color: str | None = None
    aligned: str | None = None
    transform: str | None = None
    quality: str | None = None
    slices: str | None = None
    inverse: str | None = None
    confidence: str | None = None

    @property
    def ids(self) -> list[str]:
        """The nodes that exist, in the order of the fields."""
        values = (getattr(self, field.name) for field in fields(self))
        return [value for value in values if value is not None]


@dataclass(frozen=True)
class Output:
    """One result on its way into the scene.

    role: its field in Outputs and Published. fill: gives a node its content; show: sets its display.
    """

    role: str
    class_name: str
    name: str
    fill: Callable[[slicer.vtkMRMLNode], None]
    show: Callable[[slicer.vtkMRMLNode], None]


def destination(scene: slicer.vtkMRMLScene, output: Output, node_id: str) -> slicer.vtkMRMLNode | None:
    """Return the node to update, None for a new one; raise InputError where it cannot take the result."""
    if node_id == NEW:
        return None
    node = scene.GetNodeByID(node_id)
    if node is None:
        raise InputError(f"The node chosen for '{output.name}' is no longer in the scene: choose another.")
    if node.GetClassName() != output.class_name:
        raise InputError(
            f"'{node.GetName()}' is a {node.GetClassName()} and cannot hold '{output.name}': "
            f"choose a {output.class_name} or a new node."
        )
    return node


def check_destinations(
    scene: slicer.vtkMRMLScene, outputs: Outputs, inputs: list[slicer.vtkMRMLNode]
) -> None:
    """Refuse (InputError) to overwrite an input, what an input lies under, or one node with two results."""
    chosen = [node_id for node_id in vars(outputs).values() if node_id not in (NEW, OFF)]
    for node_id in chosen:
        name = _name(scene, node_id)
        if node_id in [node.GetID() for node in inputs]:
            raise InputError(f"'{name}' is an input and would be overwritten: choose another output.")
        if chosen.count(node_id) > 1:
            raise InputError(f"'{name}' is chosen for two outputs: choose another for one of them.")
        for node in inputs:
            if node_id in _parents(node):
                raise InputError(
                    f"'{node.GetName()}' lies under the transform '{name}' and would jump with its update: "
                    "choose another transform, or take the volume out of it."
                )


def _name(scene: slicer.vtkMRMLScene, node_id: str) -> str:
    node = scene.GetNodeByID(node_id)
    return node_id if node is None else str(node.GetName())


def _parents(node: slicer.vtkMRMLTransformableNode) -> list[str]:
    """Ids of the transforms a node lies under, nearest first."""
    found = []
    parent = node.GetParentTransformNode()
    while parent is not None:
        found.append(parent.GetID())
        parent = parent.GetParentTransformNode()
    return found
