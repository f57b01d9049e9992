"""How the deformation grid is drawn, as the user wants it."""

from __future__ import annotations

import slicer

from .display import draw_in_one_color, prepare_grid, show_grid, space_lines


def draw_grid(
    scene: slicer.vtkMRMLScene, transform_id: str, visible: bool, spacing_mm: float, by_length: bool
) -> None:
    """Draw a transform's grid or not, lines spacing_mm apart, coloured by displacement or in one colour."""
    display = scene.GetNodeByID(transform_id).GetDisplayNode()
    region = display.GetRegionNode()
    if region is not None:
        prepare_grid(scene, transform_id, region.GetID())
    space_lines(display, spacing_mm)
    if not by_length:
        draw_in_one_color(display)
    show_grid(scene, transform_id, visible)


def grid_spacing_mm(scene: slicer.vtkMRMLScene, transform_id: str) -> float:
    """Return the distance between the lines of a transform's grid, mm."""
    return float(scene.GetNodeByID(transform_id).GetDisplayNode().GetGridSpacingMm())
