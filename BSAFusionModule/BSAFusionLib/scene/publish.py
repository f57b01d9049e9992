"""A fusion's results as nodes of a scene, all of them or none."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

import slicer

from ..engine.errors import InputError
from ..engine.result import FusionResult
from ..engine.verdict import withheld
from .charts import charts_of
from .contents import contents
from .folder import file_beside
from .fusion_nodes import PREFIX, mark
from .outputs import OFF, Output, Outputs, Published, check_destinations, destination
from .transaction import Transaction
from .vtk_bridge import create_node

USE = "display only: not for measurement or diagnosis"
_FROM_REPORT = ("model", "configuration", "verdict")


def publish(
    scene: slicer.vtkMRMLScene,
    result: FusionResult,
    fixed_id: str,
    moving_id: str,
    outputs: Outputs | None = None,
    provenance: Mapping[str, object] | None = None,
) -> Published:
    """Put the results into the scene, or leave the scene exactly as it was and raise.

    Results lie in the world, where the fixed volume's parent transforms put it, and have no parent
    themselves. The transform's FromParent maps fixed to moving space, RAS mm: a volume placed under it moves
    onto the fixed one. Nodes share the result's memory. Must be called on the main thread.
    provenance: what shall be known about the results besides model and configuration, which the report holds;
    every entry becomes an attribute "BSAFusion.<key>" of each node, as JSON unless it is text.
    Where the verdict is "do not use" and nobody insists, the quality table is all that is published.
    Raises InputError where an input has left the scene or a chosen output cannot be used.
    """
    chosen = outputs or Outputs()
    fixed, moving = _input(scene, fixed_id, "fixed"), _input(scene, moving_id, "moving")
    check_destinations(scene, chosen, [fixed, moving])
    made = _allowed(contents(result, fixed, moving), result)
    wanted = [item for item in made if getattr(chosen, item.role) != OFF]
    targets = {item.role: destination(scene, item, getattr(chosen, item.role)) for item in wanted}
    known = {key.capitalize(): result.report[key] for key in _FROM_REPORT if key in result.report}
    attributes = _attributes({**known, **(provenance or {}), "Use": USE})
    with Transaction(scene) as transaction:
        nodes = {item.role: _write(scene, transaction, item, targets[item.role]) for item in wanted}
        run = uuid.uuid4().hex
        for role, node in nodes.items():
            mark(node, role, run, fixed_id, moving_id, result.report)
            for key, text in attributes.items():
                node.SetAttribute(key, text)
        created = [node for role, node in nodes.items() if targets[role] is None]
        created += charts_of(nodes["slices"]) if "slices" in nodes else []
        file_beside(scene, fixed, created, f"{fixed.GetName()} fused with {moving.GetName()}")
    return Published(**{role: node.GetID() for role, node in nodes.items()})


def _allowed(outputs: list[Output], result: FusionResult) -> list[Output]:
    """All outputs, or only the numbers where the verdict forbids the rest."""
    return [item for item in outputs if item.role == "quality"] if withheld(result.report) else outputs


def _input(scene: slicer.vtkMRMLScene, node_id: str, role: str) -> slicer.vtkMRMLNode:
    node = scene.GetNodeByID(node_id)
    if node is None:
        raise InputError(f"The {role} volume is no longer in the scene: the result was discarded.")
    return node


def _attributes(provenance: Mapping[str, object]) -> dict[str, str]:
    """Node attributes; what is not text becomes JSON."""
    return {
        PREFIX + key: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for key, value in provenance.items()
    }


def _write(
    scene: slicer.vtkMRMLScene, transaction: Transaction, output: Output, target: slicer.vtkMRMLNode | None
) -> slicer.vtkMRMLNode:
    """Update target, or add a new node; a new one is filled first, so that Slicer sees it complete."""
    if target is None:
        node = create_node(scene, output.class_name)
        node.SetName(scene.GenerateUniqueName(output.name))
        output.fill(node)
        scene.AddNode(node)
    else:
        node = target
        _keep(transaction, node)
        output.fill(node)
    output.show(node)
    return node


def _keep(transaction: Transaction, node: slicer.vtkMRMLNode) -> None:
    """Remember a node and how it is displayed."""
    transaction.keep(node)
    if node.IsA("vtkMRMLTableNode"):
        for chart in charts_of(node):
            transaction.keep(chart)
    if node.IsA("vtkMRMLDisplayableNode"):
        for n in range(node.GetNumberOfDisplayNodes()):
            transaction.keep(node.GetNthDisplayNode(n))
