"""The panel's settings, kept in a parameter node and so in a saved scene."""

from __future__ import annotations

from typing import Annotated, Any

from slicer import (
    vtkMRMLMarkupsFiducialNode,
    vtkMRMLScalarVolumeNode,
    vtkMRMLSegmentationNode,
    vtkMRMLTableNode,
    vtkMRMLTransformNode,
    vtkMRMLVectorVolumeNode,
)
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from ..app.request import FusionRequest
from ..engine.config import FusionConfig
from ..scene.outputs import NEW, OFF, Outputs, Published
from ..scene.reference_nodes import ReferenceNodes
from ..scene.start_nodes import StartNodes
from .choices import Colormap, Device, Elastic, InitialAlignment, Modality, SliceAxis, Window

GRID_SPACING_MM = (0.5, 50.0)
ROLES = ("fused", "color", "aligned", "transform", "quality", "slices", "inverse", "confidence")
_START = ("start_transform", "fixed_points", "moving_points")
_REFERENCE = ("fixed_landmarks", "moving_landmarks", "fixed_segmentation", "moving_segmentation")


@parameterNodeWrapper
class FusionParameters:
    """Inputs, options, outputs and display; defaults are the engine's."""

    fixed_volume: vtkMRMLScalarVolumeNode
    moving_volume: vtkMRMLScalarVolumeNode
    fixed_landmarks: vtkMRMLMarkupsFiducialNode
    moving_landmarks: vtkMRMLMarkupsFiducialNode
    start_transform: vtkMRMLTransformNode
    fixed_points: vtkMRMLMarkupsFiducialNode
    moving_points: vtkMRMLMarkupsFiducialNode
    fixed_segmentation: vtkMRMLSegmentationNode
    moving_segmentation: vtkMRMLSegmentationNode
    fixed_modality: Modality
    moving_modality: Modality
    fixed_window: Window
    moving_window: Window
    initial_alignment: InitialAlignment
    elastic: Elastic
    slice_axis: SliceAxis
    device: Device
    colormap: Colormap
    slice_smoothing: Annotated[float, WithinRange(0.0, 20.0)] = 5.0
    registration_spacing: Annotated[float, WithinRange(0.5, 4.0)] = 1.0
    batch_size: Annotated[int, WithinRange(1, 64)] = 8
    insist: bool = False
    make_fused: bool = True
    make_color: bool = True
    make_aligned: bool = True
    make_transform: bool = True
    make_quality: bool = True
    make_slices: bool = True
    make_inverse: bool = False
    make_confidence: bool = False
    fused_node: vtkMRMLScalarVolumeNode
    color_node: vtkMRMLVectorVolumeNode
    aligned_node: vtkMRMLScalarVolumeNode
    transform_node: vtkMRMLTransformNode
    quality_node: vtkMRMLTableNode
    slices_node: vtkMRMLTableNode
    inverse_node: vtkMRMLTransformNode
    confidence_node: vtkMRMLScalarVolumeNode
    show_grid: bool = False
    grid_color: bool = True
    grid_spacing: Annotated[float, WithinRange(*GRID_SPACING_MM)] = 10.0


def request(parameters: Any) -> FusionRequest:
    """Read what a parameter node asks for."""
    config = FusionConfig(
        fixed_modality=parameters.fixed_modality.value,
        modality=parameters.moving_modality.value,
        fixed_window=parameters.fixed_window.value,
        window=parameters.moving_window.value,
        init=parameters.initial_alignment.value,
        elastic=parameters.elastic.value,
        axis=parameters.slice_axis.value,
        device=parameters.device.value,
        slice_smoothing_mm=parameters.slice_smoothing,
        registration_spacing_mm=parameters.registration_spacing,
        colormap=parameters.colormap.value,
        batch_size=parameters.batch_size,
        inverse=parameters.make_inverse,
        confidence=parameters.make_confidence,
        insist=parameters.insist,
    )
    outputs = Outputs(**{role: _destination(parameters, role) for role in ROLES})
    reference = ReferenceNodes(**{name: _id(getattr(parameters, name)) for name in _REFERENCE})
    fixed, moving = _id(parameters.fixed_volume), _id(parameters.moving_volume)
    start = StartNodes(*(_id(getattr(parameters, name)) for name in _START))
    return FusionRequest(fixed, moving, config, outputs, reference, start)


def keep_published(parameters: Any, published: Published) -> None:
    """Choose the nodes that a run has made, so that the next run updates them."""
    for role in ROLES:
        node_id = getattr(published, role)
        if node_id is not None:
            scene = parameters.parameterNode.GetScene()
            setattr(parameters, f"{role}_node", scene.GetNodeByID(node_id))


def choose(parameters: Any, fixed_id: str, moving_id: str) -> None:
    """Choose the two volumes."""
    scene = parameters.parameterNode.GetScene()
    parameters.fixed_volume, parameters.moving_volume = (
        scene.GetNodeByID(fixed_id),
        scene.GetNodeByID(moving_id),
    )


def swap(parameters: Any) -> None:
    """Exchange fixed and moving with all that belongs to one; a start transform would lead the wrong way."""
    parameters.start_transform = None
    for name in ("volume", "modality", "window", "landmarks", "segmentation", "points"):
        fixed, moving = getattr(parameters, f"fixed_{name}"), getattr(parameters, f"moving_{name}")
        setattr(parameters, f"fixed_{name}", moving)
        setattr(parameters, f"moving_{name}", fixed)


def _destination(parameters: Any, role: str) -> str:
    if not getattr(parameters, f"make_{role}"):
        return OFF
    return _id(getattr(parameters, f"{role}_node")) or NEW


def _id(node: Any) -> str:
    return "" if node is None else str(node.GetID())
