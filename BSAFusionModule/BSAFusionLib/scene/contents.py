"""What each result looks like as a node."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ..engine.result import FusionResult
from ..engine.slice_numbers import SLICE, slice_columns
from .charts import fill_slices, show_charts
from .outputs import Output
from .quality_table import fill_table
from .total_transform import inverse_transform, total_transform
from .vtk_bridge import image_data, matrix


def contents(
    result: FusionResult, fixed: slicer.vtkMRMLVolumeNode, moving: slicer.vtkMRMLVolumeNode
) -> list[Output]:
    """List the results of one fusion with their names and how they are put into nodes and displayed."""
    here, there = fixed.GetName(), moving.GetName()
    place = result.fused.ijk_to_ras
    fused = partial(_fill_volume, result.fused.array, place)
    aligned = partial(_fill_volume, result.aligned.array, place)
    transform = partial(_fill_transform, total_transform(result), fixed, moving)
    quality = partial(fill_table, result.report)
    outputs = [
        Output("fused", _SCALAR, f"{here} fused with {there}", fused, _show_unit_range),
        Output("aligned", _SCALAR, f"{there} aligned to {here}", aligned, partial(_show_like, moving)),
        Output("transform", "vtkMRMLTransformNode", f"{there} to {here}", transform, _show_transform),
        Output("quality", "vtkMRMLTableNode", f"Quality of {there} to {here}", quality, _show_nothing),
    ]
    if result.fused_color is not None:
        color = partial(_fill_volume, result.fused_color, place)
        outputs.insert(
            1, Output("color", _VECTOR, f"{here} fused with {there} in colour", color, _show_color)
        )
    return outputs + _on_request(result, fixed, moving)


def _on_request(
    result: FusionResult, fixed: slicer.vtkMRMLVolumeNode, moving: slicer.vtkMRMLVolumeNode
) -> list[Output]:
    """The results that are made only where there is something to make them of."""
    here, there = fixed.GetName(), moving.GetName()
    outputs = []
    if slice_columns(result.report)[SLICE]:
        slices = partial(fill_slices, result.report)
        outputs.append(
            Output("slices", "vtkMRMLTableNode", f"Slices of {there} to {here}", slices, show_charts)
        )
    if result.inverse is not None:
        inverse = partial(_fill_transform, inverse_transform(result.inverse), moving, fixed)
        outputs.append(
            Output("inverse", "vtkMRMLTransformNode", f"{here} to {there}", inverse, _show_transform)
        )
    if result.confidence is not None:
        confidence = partial(_fill_volume, result.confidence.array, result.confidence.ijk_to_ras)
        name = f"Confidence of {there} to {here}"
        outputs.append(Output("confidence", _SCALAR, name, confidence, _show_unit_range))
    return outputs


_SCALAR = "vtkMRMLScalarVolumeNode"
_VECTOR = "vtkMRMLVectorVolumeNode"


def _fill_volume(
    array: NDArray[Any], ijk_to_ras: NDArray[np.float64], node: slicer.vtkMRMLVolumeNode
) -> None:
    node.SetAndObserveTransformNodeID(None)
    node.SetIJKToRASMatrix(matrix(ijk_to_ras))
    node.SetAndObserveImageData(image_data(array))


def _fill_transform(
    transform: vtk.vtkAbstractTransform,
    fixed: slicer.vtkMRMLNode,
    moving: slicer.vtkMRMLNode,
    node: slicer.vtkMRMLTransformNode,
) -> None:
    node.SetAndObserveTransformNodeID(None)
    node.SetAndObserveTransformFromParent(transform)
    node.SetNodeReferenceID(node.GetFixedNodeReferenceRole(), fixed.GetID())
    node.SetNodeReferenceID(node.GetMovingNodeReferenceRole(), moving.GetID())


def _show_unit_range(node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Grey, from 0 to 1."""
    _show_window(node, 1.0, 0.5)


def _show_color(node: slicer.vtkMRMLVectorVolumeNode) -> None:
    """The RGB values as they are: an automatic window would change the colours."""
    _show_window(node, 255.0, 127.5)


def _show_like(moving: slicer.vtkMRMLScalarVolumeNode, node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """The window and the colours of the moving volume, so that both can be compared by eye."""
    model = moving.GetDisplayNode()
    if model is None:
        node.CreateDefaultDisplayNodes()
    else:
        _show_window(node, model.GetWindow(), model.GetLevel())
        node.GetDisplayNode().SetAndObserveColorNodeID(model.GetColorNodeID())


def _show_window(node: slicer.vtkMRMLScalarVolumeNode, window: float, level: float) -> None:
    """Set a fixed window; an automatic one, as of the default display node, costs 0.2 s a volume."""
    display = node.GetDisplayNode()
    if display is None:
        name = node.GetClassName().replace("VolumeNode", "VolumeDisplayNode")
        display = node.GetScene().AddNewNodeByClass(name)
        display.SetDefaultColorMap()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window, level)
    node.SetAndObserveDisplayNodeID(display.GetID())


def _show_transform(node: slicer.vtkMRMLTransformNode) -> None:
    node.CreateDefaultDisplayNodes()


def _show_nothing(node: slicer.vtkMRMLTableNode) -> None:
    """A table is shown by choosing it."""
