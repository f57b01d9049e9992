"""The results in the views: fused picture in front, deformation grid at hand."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

import numpy as np
import slicer
import vtk

from .outputs import Published
from .vtk_bridge import array, matrix

_LINES = 25  # grid lines across the picture
_FEWEST_LINES = 8
_MOST_LINES_3D = 50
_COLORS = ((0.0, (0.2, 0.8, 0.3)), (0.5, (1.0, 0.9, 0.0)), (1.0, (1.0, 0.15, 0.0)))  # green, yellow, red
_COLORS_BY_LENGTH = (
    (0.0, (0.2, 0.2, 0.2)),
    (0.1, (0, 1, 0)),
    (0.45, (1, 1, 0)),
    (1.0, (1, 0, 0)),
)  # as Slicer's
_PLAIN = (1.0, 0.85, 0.2)
_SAMPLES = 9  # points along each axis at which the displacement is measured


def show(scene: slicer.vtkMRMLScene, published: Published, fixed_id: str, grid: bool = False) -> None:
    """Show the fused picture, in colour where there is one, in every slice view, fitted to it.

    The fixed volume is the foreground, transparent: the view's slider fades over to it. The deformation grid
    is made ready, and drawn when grid is True.
    """
    picture = published.color or published.fused or published.aligned
    if picture is not None:
        show_volume(scene, picture)
        for layers in _nodes(scene, "vtkMRMLSliceCompositeNode"):
            layers.SetForegroundVolumeID(fixed_id)
            layers.SetForegroundOpacity(0.0)
        fit(scene, picture)
    if published.transform is not None:
        prepare_grid(scene, published.transform, picture or fixed_id)
        show_grid(scene, published.transform, grid)


def show_volume(scene: slicer.vtkMRMLScene, volume_id: str) -> None:
    """Put one volume into the background of every slice view; the views stay where they are."""
    for layers in _nodes(scene, "vtkMRMLSliceCompositeNode"):
        layers.SetBackgroundVolumeID(volume_id)


def fit(scene: slicer.vtkMRMLScene, volume_id: str) -> None:
    """Centre every slice view on a volume's middle voxel and show its whole extent."""
    volume = scene.GetNodeByID(volume_id)
    for view in _nodes(scene, "vtkMRMLSliceNode"):
        fit_view(view, volume)


def fit_view(view: slicer.vtkMRMLSliceNode, volume: slicer.vtkMRMLVolumeNode) -> None:
    """Centre one slice view on a volume's middle voxel and show its whole extent."""
    _centre(view, volume)
    _zoom(view, volume)
    view.UpdateMatrices()


def prepare_grid(scene: slicer.vtkMRMLScene, transform_id: str, region_id: str) -> None:
    """Set how the deformation is drawn once it is shown: a grid over the region, coloured by length in mm.

    Slicer draws the transform to the world: the moving image's straight grid as it lies in the fixed image.
    The displacement u, from the fixed to the moving image, points the other way. The initial alignment is
    part of what is drawn.
    """
    transform, region = scene.GetNodeByID(transform_id), scene.GetNodeByID(region_id)
    display = transform.GetDisplayNode()
    largest, bending = _displacement(transform, region)
    display.SetVisualizationMode(display.VIS_MODE_GRID)
    display.SetAndObserveRegionNode(region)
    display.SetGridScalePercent(100)
    space_lines(display, grid_spacing(_extent(region), bending))
    _color_by_length(display, largest)


def space_lines(display: slicer.vtkMRMLTransformDisplayNode, spacing_mm: float) -> None:
    """Set the distance between grid lines, mm, and what follows from it."""
    display.SetGridSpacingMm(spacing_mm)
    display.SetGridResolutionMm(spacing_mm / 2)  # finer curves cost seconds in 3-D
    display.SetGridLineDiameterMm(spacing_mm / 15)


def show_grid(scene: slicer.vtkMRMLScene, transform_id: str, visible: bool) -> None:
    """Draw the deformation grid in the slice and 3-D views, or not.

    A grid of more than 50 lines stays out of the 3-D views: it would take many seconds, and nothing could be
    seen through it.
    """
    display = scene.GetNodeByID(transform_id).GetDisplayNode()
    region = display.GetRegionNode()
    sparse = region is None or _extent(region) <= _MOST_LINES_3D * display.GetGridSpacingMm()
    display.SetVisibility(visible)
    display.SetVisibility2D(visible)
    display.SetVisibility3D(visible and sparse)


def grid_spacing(extent_mm: float, bending_mm: float) -> float:
    """Choose 1, 2 or 5 times a power of ten, in mm.

    About 25 lines cross a picture of that extent; fewer, but at least 8, where the bending would carry a line
    past its neighbour.
    """
    wanted = max(extent_mm / _LINES, min(bending_mm, extent_mm / _FEWEST_LINES))
    power: float = 10.0 ** floor(log10(wanted))
    steps = (power, 2 * power, 5 * power, 10 * power)
    return next(step for step in steps if step >= wanted * 0.75)


def _nodes(scene: slicer.vtkMRMLScene, class_name: str) -> Iterator[slicer.vtkMRMLNode]:
    for n in range(scene.GetNumberOfNodesByClass(class_name)):
        yield scene.GetNthNodeByClass(n, class_name)


def _centre(view: slicer.vtkMRMLSliceNode, volume: slicer.vtkMRMLVolumeNode) -> None:
    """Move a view onto a voxel's centre: between two slices the picture would be blurred."""
    ijk_to_ras = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(ijk_to_ras)
    middle = [count // 2 for count in volume.GetImageData().GetDimensions()]
    slice_to_ras = array(view.GetSliceToRAS())
    slice_to_ras[:, 3] = array(ijk_to_ras) @ [*middle, 1]
    view.GetSliceToRAS().DeepCopy(matrix(slice_to_ras))


def _zoom(view: slicer.vtkMRMLSliceNode, volume: slicer.vtkMRMLVolumeNode) -> None:
    ras_to_slice = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(view.GetSliceToRAS(), ras_to_slice)
    bounds = [0.0] * 6
    volume.GetSliceBounds(bounds, ras_to_slice)
    columns, rows, _ = view.GetDimensions()
    reach = [2 * max(-bounds[n], bounds[n + 1]) for n in (0, 2)]  # the middle stays in the middle
    mm_per_pixel = max(reach[0] / columns, reach[1] / rows)
    view.SetFieldOfView(columns * mm_per_pixel, rows * mm_per_pixel, view.GetFieldOfView()[2])


def _extent(volume: slicer.vtkMRMLVolumeNode) -> float:
    """The longest side of a volume's box, mm."""
    counts = volume.GetImageData().GetDimensions()
    return float(max(count * mm for count, mm in zip(counts, volume.GetSpacing(), strict=True)))


def _displacement(
    transform: slicer.vtkMRMLTransformNode, region: slicer.vtkMRMLVolumeNode
) -> tuple[float, float]:
    """Largest displacement over region, and largest without its affine part, which bends no line; mm."""
    from_world, ijk_to_ras = vtk.vtkGeneralTransform(), vtk.vtkMatrix4x4()
    transform.GetTransformFromWorld(from_world)
    region.GetIJKToRASMatrix(ijk_to_ras)
    axes = [np.linspace(0, count - 1, _SAMPLES) for count in region.GetImageData().GetDimensions()]
    index = np.stack([*np.meshgrid(*axes, indexing="ij"), np.ones([_SAMPLES] * 3)], axis=-1).reshape(-1, 4)
    points = index @ array(ijk_to_ras).T
    moved = np.array([from_world.TransformPoint(*point) for point in points[:, :3].tolist()])
    affine = np.linalg.lstsq(points, moved, rcond=None)[0]
    lengths = np.linalg.norm(moved - points[:, :3], axis=1)
    return float(lengths.max()), float(np.linalg.norm(moved - points @ affine, axis=1).max())


def draw_in_one_color(display: slicer.vtkMRMLTransformDisplayNode) -> None:
    """Give all lines of a deformation one colour."""
    plain = vtk.vtkColorTransferFunction()
    plain.AddRGBPoint(0, *_PLAIN)
    display.SetColorMap(plain)


def _color_by_length(display: slicer.vtkMRMLTransformDisplayNode, largest_mm: float) -> None:
    """Spread the colours from no displacement to the largest one."""
    if display.GetColorNode() is None:
        display.SetDefaultColors()  # adds the node that holds the colours
    spread = vtk.vtkColorTransferFunction()
    for part, color in _COLORS:
        spread.AddRGBPoint(part * max(largest_mm, 1e-3), *color)
    display.SetColorMap(spread)
