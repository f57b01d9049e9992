"""Which nodes of a scene belong to one fusion, also after it was saved and loaded again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import slicer

PREFIX = "BSAFusion."
FIXED, MOVING = "BSAFusionFixed", "BSAFusionMoving"
_ROLE, _RUN, _INPUTS = PREFIX + "Role", PREFIX + "Run", PREFIX + "Inputs"


@dataclass(frozen=True, eq=False)
class FusionNodes:
    """The nodes of one fusion that are still in the scene.

    run: the same text on all its results. fixed, moving: the inputs, None once removed. results: node of each
    role, as of Published. inputs: for "fixed" and "moving" what the engine took it for ("modality") and the
    values that became 0 and 1 ("window").
    """

    run: str
    fixed: slicer.vtkMRMLScalarVolumeNode | None
    moving: slicer.vtkMRMLScalarVolumeNode | None
    results: Mapping[str, slicer.vtkMRMLNode]
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def get(self, role: str) -> slicer.vtkMRMLNode | None:
        """Return the result of a role, None where there is none."""
        return self.results.get(role)

    def nodes(self) -> Iterator[slicer.vtkMRMLNode]:
        """All of them, inputs included."""
        yield from (node for node in (self.fixed, self.moving, *self.results.values()) if node is not None)


def mark(
    node: slicer.vtkMRMLNode, role: str, run: str, fixed_id: str, moving_id: str, report: Mapping[str, Any]
) -> None:
    """Write into a result which fusion it belongs to and as what; report is the engine's."""
    node.SetAttribute(_ROLE, role)
    node.SetAttribute(_RUN, run)
    node.SetAttribute(_INPUTS, json.dumps(_inputs(report), sort_keys=True))
    node.SetNodeReferenceID(FIXED, fixed_id)
    node.SetNodeReferenceID(MOVING, moving_id)


def find_fusions(scene: slicer.vtkMRMLScene) -> list[FusionNodes]:
    """Gather the scene's fusions, in the order of their first nodes."""
    runs: dict[str, dict[str, slicer.vtkMRMLNode]] = {}
    for n in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(n)
        run, role = node.GetAttribute(_RUN), node.GetAttribute(_ROLE)
        if run and role:
            runs.setdefault(run, {})[role] = node
    return [_fusion(run, results) for run, results in runs.items()]


def _fusion(run: str, results: Mapping[str, slicer.vtkMRMLNode]) -> FusionNodes:
    first = next(iter(results.values()))
    inputs = json.loads(first.GetAttribute(_INPUTS) or "{}")
    return FusionNodes(run, first.GetNodeReference(FIXED), first.GetNodeReference(MOVING), results, inputs)


def _inputs(report: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    known = report.get("geometry", {})
    return {
        side: {key: known[side][key] for key in ("modality", "window") if key in known[side]}
        for side in ("fixed", "moving")
        if side in known
    }
