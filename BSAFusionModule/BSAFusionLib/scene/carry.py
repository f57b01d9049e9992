"""A registration applied to everything else of the patient: many nodes at once, all or none, as copies."""

from __future__ import annotations

from dataclasses import dataclass

import slicer

from ..engine.config import INTERPOLATIONS
from ..engine.errors import BSAFusionError, InputError
from ..engine.volume import Grid
from .carried_segmentation import carried_segmentation
from .carried_shapes import carried_markups, carried_model
from .carried_volume import carried_volume
from .folder import file_beside
from .passage import Passage
from .read import is_warped, node_grid
from .transaction import Transaction
from .vtk_bridge import create_node

KINDS = (
    "vtkMRMLScalarVolumeNode",
    "vtkMRMLVectorVolumeNode",
    "vtkMRMLSegmentationNode",
    "vtkMRMLMarkupsNode",
    "vtkMRMLModelNode",
)
"""What can be carried, with all their subclasses but tensor volumes."""


@dataclass(frozen=True)
class CarryRequest:
    """What shall be carried, by node ids.

    transform_id: a transform whose transform from the world leads from fixed to moving points.
    node_ids: what lies in the moving space, or with inverse in the fixed one.
    reference_id: volume whose grid volumes and segmentations get; empty for the one the transform names.
    interpolation: one of config.INTERPOLATIONS, for volumes; labels always take nearest.
    """

    transform_id: str
    node_ids: tuple[str, ...]
    inverse: bool = False
    interpolation: str = "linear"
    reference_id: str = ""


def carry_problem(scene: slicer.vtkMRMLScene, request: CarryRequest) -> str | None:
    """Return one sentence that says why a request cannot be carried out, or None."""
    try:
        _check(scene, request)
    except BSAFusionError as error:
        return error.message
    return None


def carry(scene: slicer.vtkMRMLScene, request: CarryRequest) -> list[str]:
    """Add a carried copy of each node to the scene, or leave the scene as it was and raise.

    Copies lie in the world without a parent, in one folder of the Data tree; the originals are not touched.
    Returns the ids of the copies, in the order of the request. Raises InputError or GeometryError.
    """
    transform, reference, nodes = _check(scene, request)
    passage = Passage(transform, request.inverse)
    grid = node_grid(reference)
    with Transaction(scene):
        copies = [_copy(scene, node, passage, grid, request, reference) for node in nodes]
        file_beside(scene, reference, copies, f"Carried to {reference.GetName()}")
    return [copy.GetID() for copy in copies]


def reference_of(
    transform: slicer.vtkMRMLTransformNode | None, inverse: bool
) -> slicer.vtkMRMLVolumeNode | None:
    """Return the volume that a transform leads to, as it names it; None where it names none."""
    if transform is None:
        return None
    moving, fixed = transform.GetMovingNodeReferenceRole(), transform.GetFixedNodeReferenceRole()
    return transform.GetNodeReference(moving if inverse else fixed)


def _check(
    scene: slicer.vtkMRMLScene, request: CarryRequest
) -> tuple[slicer.vtkMRMLTransformNode, slicer.vtkMRMLVolumeNode, list[slicer.vtkMRMLNode]]:
    """The transform, the reference and the nodes; raises InputError where they cannot be used."""
    transform = scene.GetNodeByID(request.transform_id) if request.transform_id else None
    if transform is None:
        raise InputError("Choose the transform of a fusion.")
    reference = (
        scene.GetNodeByID(request.reference_id)
        if request.reference_id
        else reference_of(transform, request.inverse)
    )
    if reference is None or reference.GetImageData() is None:
        side = "moving" if request.inverse else "fixed"
        raise InputError(
            f"The {side} volume of '{transform.GetName()}' is not known: choose the grid of a volume."
        )
    if is_warped(reference):
        raise InputError(
            f"'{reference.GetName()}' lies under a non-linear transform, which bends its grid: choose one."
        )
    if request.interpolation not in INTERPOLATIONS:
        raise InputError(
            f"'{request.interpolation}' is no interpolation: choose one of {', '.join(INTERPOLATIONS)}."
        )
    if not request.node_ids:
        raise InputError("Check what shall be carried over.")
    nodes = [scene.GetNodeByID(node_id) for node_id in request.node_ids]
    for node in nodes:
        _check_node(node, transform)
    return transform, reference, nodes


def _check_node(node: slicer.vtkMRMLNode | None, transform: slicer.vtkMRMLTransformNode) -> None:
    if node is None:
        raise InputError("A node that was chosen is no longer in the scene: choose again.")
    name = node.GetName()
    if not any(node.IsA(kind) for kind in KINDS) or node.IsA("vtkMRMLTensorVolumeNode"):
        raise InputError(
            f"'{name}' cannot be carried over: choose volumes, segmentations, markups or models."
        )
    if _is_empty(node):
        raise InputError(f"'{name}' is empty: leave it out.")
    parent = node.GetParentTransformNode()
    while parent is not None:
        if parent.GetID() == transform.GetID():
            raise InputError(
                f"'{name}' lies under '{transform.GetName()}' and would move twice: take it out of it."
            )
        parent = parent.GetParentTransformNode()


def _is_empty(node: slicer.vtkMRMLNode) -> bool:
    if node.IsA("vtkMRMLVolumeNode"):
        return node.GetImageData() is None or node.GetImageData().GetNumberOfPoints() == 0
    if node.IsA("vtkMRMLSegmentationNode"):
        return bool(node.GetSegmentation().GetNumberOfSegments() == 0)
    if node.IsA("vtkMRMLMarkupsNode"):
        return bool(node.GetNumberOfControlPoints() == 0)
    return node.GetMesh() is None or node.GetMesh().GetNumberOfPoints() == 0


def _copy(
    scene: slicer.vtkMRMLScene,
    node: slicer.vtkMRMLNode,
    passage: Passage,
    grid: Grid,
    request: CarryRequest,
    reference: slicer.vtkMRMLVolumeNode,
) -> slicer.vtkMRMLNode:
    if node.IsA("vtkMRMLVolumeNode"):
        copy = carried_volume(scene, node, passage, grid, request.interpolation)
    elif node.IsA("vtkMRMLSegmentationNode"):
        copy = carried_segmentation(scene, node, passage, grid)
        copy.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    elif node.IsA("vtkMRMLMarkupsNode"):
        copy = carried_markups(scene, node, passage)
    else:
        copy = carried_model(scene, node, passage)
    copy.SetName(scene.GenerateUniqueName(f"{node.GetName()} in {reference.GetName()}"))
    copy.SetAttribute("BSAFusion.CarriedFrom", node.GetID())
    copy.SetAttribute("BSAFusion.CarriedBy", request.transform_id)
    scene.AddNode(copy)
    _copy_display(scene, node, copy)
    return copy


def _copy_display(
    scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLDisplayableNode, copy: slicer.vtkMRMLDisplayableNode
) -> None:
    """Show the copy as the original is shown."""
    for n in range(node.GetNumberOfDisplayNodes()):
        original = node.GetNthDisplayNode(n)
        if original is None:
            continue
        display = create_node(scene, original.GetClassName())
        display.CopyContent(original, True)
        display.CopyReferences(original)
        scene.AddNode(display)
        copy.AddAndObserveDisplayNodeID(display.GetID())
