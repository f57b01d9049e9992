"""A segmentation in another space, through a transform."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy

from ..engine.errors import GeometryError, InputError
from ..engine.volume import Grid
from .moved_points import move_mesh
from .passage import Passage
from .pull import pull
from .vtk_bridge import array, create_node, matrix

_MOST_VOXELS = 1 << 28
_SAMPLES = 17  # points along each axis that outline a label map


def carried_segmentation(
    scene: slicer.vtkMRMLScene,
    node: slicer.vtkMRMLSegmentationNode,
    passage: Passage,
    grid: Grid,
) -> slicer.vtkMRMLSegmentationNode:
    """Make a copy, not in the scene yet, with its labels (by nearest) or its surfaces carried over.

    Label maps lie on the target grid, divided into whole parts where they are finer than it, and cropped.
    Raises InputError where the segmentation holds neither, GeometryError where it is spread too far.
    """
    copy = create_node(scene, node.GetClassName())
    copy.CopyContent(node, True)
    segmentation = copy.GetSegmentation()
    source = segmentation.GetSourceRepresentationName()
    names = slicer.vtkSegmentationConverter
    had_surface = segmentation.ContainsRepresentation(names.GetClosedSurfaceRepresentationName())
    if source == names.GetBinaryLabelmapRepresentationName():
        _carry_labels(segmentation, source, node, passage, grid)
    elif source == names.GetClosedSurfaceRepresentationName():
        _carry_surfaces(segmentation, source, node, passage)
    else:
        raise InputError(
            f"'{node.GetName()}' is kept as {source.lower()}, which cannot be carried over: make its binary "
            "label map the source in the module Segmentations."
        )
    segmentation.InvalidateNonSourceRepresentations()
    if had_surface:
        copy.CreateClosedSurfaceRepresentation()
    return copy


def _carry_labels(
    segmentation: slicer.vtkSegmentation,
    source: str,
    node: slicer.vtkMRMLSegmentationNode,
    passage: Passage,
    grid: Grid,
) -> None:
    """Carry each layer once; segments of a layer share it and keep sharing it."""
    layers = [
        (segmentation.GetLayerDataObject(n, source), _segments(segmentation, n, source))
        for n in range(segmentation.GetNumberOfLayers(source))
    ]
    for image, segments in layers:
        carried = _carried_layer(image, node, passage, grid)
        for segment in segments:
            segment.AddRepresentation(source, carried)


def _segments(segmentation: slicer.vtkSegmentation, layer: int, source: str) -> list[slicer.vtkSegment]:
    ids = segmentation.GetSegmentIDsForLayer(layer, source)
    return [segmentation.GetSegment(each) for each in ids]


def _carried_layer(
    image: slicer.vtkOrientedImageData,
    node: slicer.vtkMRMLSegmentationNode,
    passage: Passage,
    grid: Grid,
) -> slicer.vtkOrientedImageData:
    ijk_to_own = _place(image)
    result = slicer.vtkOrientedImageData()
    corners = _labelled_box(image)
    if corners is None:  # an empty segment
        result.DeepCopy(image)
        return result
    outline = _outline(corners) @ ijk_to_own[:3, :3].T + ijk_to_own[:3, 3]
    spacing = np.linalg.norm(ijk_to_own[:3, :3], axis=0)
    target = _fine_grid(grid, spacing, passage.send(node, outline), node.GetName())
    pulled = pull(image, ijk_to_own, passage.pull_into(node), target.shape, target.ijk_to_ras, "nearest")
    result.ShallowCopy(pulled)
    result.SetImageToWorldMatrix(matrix(target.ijk_to_ras))
    return result


def _carry_surfaces(
    segmentation: slicer.vtkSegmentation,
    source: str,
    node: slicer.vtkMRMLSegmentationNode,
    passage: Passage,
) -> None:
    for n in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(n)
        surface = segment.GetRepresentation(source)
        segment.AddRepresentation(source, move_mesh(surface, lambda points: passage.send(node, points)))


def _place(image: slicer.vtkOrientedImageData) -> NDArray[np.float64]:
    """4 x 4, from (i, j, k), which may begin anywhere, to the segmentation's own RAS mm."""
    ijk_to_own = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(ijk_to_own)
    return array(ijk_to_own)


def _labelled_box(image: slicer.vtkOrientedImageData) -> NDArray[np.float64] | None:
    """First and last corner, (2, 3), of the box that holds all labels, in (i, j, k); None without any."""
    columns, rows, slices = image.GetDimensions()
    if not columns * rows * slices:
        return None
    labels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(slices, rows, columns) > 0
    if not labels.any():
        return None
    spans = [np.flatnonzero(labels.any(axis=axes))[[0, -1]] for axes in ((0, 1), (0, 2), (1, 2))]
    first = np.array(image.GetExtent()[::2])
    return np.asarray(np.array(spans).T + first + np.array([[-0.5], [0.5]]))


def _outline(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points that fill a box evenly, its surface included; (N, 3)."""
    axes = [np.linspace(low, high, _SAMPLES) for low, high in corners.T]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _fine_grid(grid: Grid, spacing: NDArray[np.float64], outline: NDArray[np.float64], name: str) -> Grid:
    """The target grid, each voxel divided until it is as fine as spacing, cropped to outline, RAS mm."""
    finest = spacing.min()
    parts = np.ceil(grid.spacing / finest - 0.05).clip(1).astype(int)
    ijk_to_ras = grid.ijk_to_ras.copy()
    ijk_to_ras[:3, :3] /= parts
    ijk_to_ras[:3, 3] -= ijk_to_ras[:3, :3] @ ((parts - 1) / 2)  # the outer faces of the voxels stay
    to_index = np.linalg.inv(ijk_to_ras)
    index = outline @ to_index[:3, :3].T + to_index[:3, 3]
    first = np.floor(index.min(axis=0)).astype(int) - 1
    size = np.ceil(index.max(axis=0)).astype(int) + 2 - first
    if np.prod(size.astype(float)) > _MOST_VOXELS:
        raise GeometryError(
            f"'{name}' would be spread over {' x '.join(str(n) for n in size)} voxels: check the transform, "
            "or choose a coarser reference."
        )
    ijk_to_ras[:3, 3] += ijk_to_ras[:3, :3] @ first
    i, j, k = (int(n) for n in size)
    return Grid((k, j, i), ijk_to_ras)
