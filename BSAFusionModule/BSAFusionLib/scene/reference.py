"""What a result is measured by, read from a scene."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ..engine.errors import InputError
from ..engine.reference import Reference
from ..engine.resample import resample
from ..engine.segmentations import Segmentations
from ..engine.volume import Grid, Volume
from .reference_nodes import ReferenceNodes, named_node, read_landmarks
from .vtk_bridge import array, voxels


def read_reference(
    scene: slicer.vtkMRMLScene, nodes: ReferenceNodes, fixed: Grid, moving: Grid
) -> Reference | None:
    """Read what was chosen; segments are brought to the volumes' grids. None where nothing was chosen.

    Raises InputError where points have no partners, or no segment is in both segmentations.
    """
    landmarks = segmentations = None
    if nodes.fixed_landmarks and nodes.moving_landmarks:
        landmarks = read_landmarks(scene, nodes)
    if nodes.fixed_segmentation and nodes.moving_segmentation:
        first, second = (
            named_node(scene, node_id, "A segmentation to measure with")
            for node_id in (nodes.fixed_segmentation, nodes.moving_segmentation)
        )
        numbers = {name: n + 1 for n, name in enumerate(sorted({*_names(first), *_names(second)}))}
        segmentations = Segmentations(
            _labels(first, fixed, numbers),
            _labels(second, moving, numbers),
            {n: name for name, n in numbers.items()},
        )
    if landmarks is None and segmentations is None:
        return None
    return Reference(landmarks, segmentations)


def _names(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]


def _labels(node: slicer.vtkMRMLSegmentationNode, grid: Grid, numbers: dict[str, int]) -> Volume:
    """Segments as numbers on grid; where two overlap, the later one counts."""
    kind = slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName()
    if not node.CreateBinaryLabelmapRepresentation():
        raise InputError(f"'{node.GetName()}' has no label map: create one in the module Segmentations.")
    result = np.zeros(grid.shape, np.float32)
    segmentation = node.GetSegmentation()
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        image = segment.GetRepresentation(kind)
        if image is not None and image.GetNumberOfPoints():
            mask = (voxels(image) == segment.GetLabelValue()).astype(np.float32)
            there = resample(Volume(mask, _place(image, node)), grid, interpolation="nearest", fill=0)
            result[there > 0] = numbers[segment.GetName()]
    return Volume(result, grid.ijk_to_ras, node.GetName())


def _place(
    image: slicer.vtkOrientedImageData, node: slicer.vtkMRMLSegmentationNode
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """4 x 4 from (i, j, k), counted from the image's first voxel, to world RAS mm, linear parents applied."""
    to_node, to_world = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(to_node)
    parent = node.GetParentTransformNode()
    if parent is not None:
        if not parent.IsTransformToWorldLinear():
            raise InputError(f"'{node.GetName()}' lies under a non-linear transform: harden it first.")
        parent.GetMatrixTransformToWorld(to_world)
    first = np.eye(4)
    first[:3, 3] = image.GetExtent()[::2]
    return np.asarray(array(to_world) @ array(to_node) @ first)
