"""The deformation drawn as a grid, as arrows or as lines of equal length, in chosen views, at any spacing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any

import slicer

from .display import draw_in_one_color, prepare_grid, show_grid, space_lines
from .fusion_nodes import FusionNodes
from .review_tool import ReviewTool

GRID, ARROWS, CONTOURS = "grid", "arrows", "contours"
MOST_LINES = {GRID: 32, ARROWS: 48, CONTOURS: 64}
"""Lines across a view; more of them cost more than 100 ms and hide the picture."""

_LEVELS = 8


@dataclass(frozen=True)
class Drawing:
    """What is wanted: mode, spacing in mm, colours by length, ids of the views (all when empty)."""

    mode: str = GRID
    spacing_mm: float = 10.0
    by_length: bool = True
    views: tuple[str, ...] = ()


class DeformationDrawing(ReviewTool):
    """Slicer's own display of the transform; leave() brings back how it was displayed.

    What is drawn points from the moving to the fixed image: how moving tissue was shifted.
    """

    needs = ("fixed", "transform")

    def __init__(self, scene: slicer.vtkMRMLScene, fusion: FusionNodes, drawing: Drawing) -> None:
        super().__init__(scene, fusion)
        transform = self.node("transform")
        if transform.GetDisplayNode() is None:
            transform.CreateDefaultDisplayNodes()
            self.memory.take_over(transform.GetDisplayNode())
        self._display = self.memory.keep(transform.GetDisplayNode())
        if self._display.GetColorNode() is None:
            self._display.SetDefaultColors()
            self.memory.take_over(self._display.GetColorNode())
        else:
            self.memory.keep(self._display.GetColorNode())
        self._drawing = drawing
        self._spacing = 0.0
        for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
            self.watch(scene.GetNthNodeByClass(n, "vtkMRMLSliceNode"), "ModifiedEvent", self._on_view)
        self.draw(drawing)

    @property
    def spacing_mm(self) -> float:
        """The spacing that is drawn, wider than wanted where the views show too much for it."""
        return self._spacing

    def draw(self, drawing: Drawing) -> None:
        """Draw in another way."""
        self._drawing = drawing
        display = self._display
        changing = display.StartModify()
        prepare_grid(self.scene, self.node("transform").GetID(), self.node("fixed").GetID())
        modes = {
            GRID: display.VIS_MODE_GRID,
            ARROWS: display.VIS_MODE_GLYPH,
            CONTOURS: display.VIS_MODE_CONTOUR,
        }
        display.SetVisualizationMode(modes[drawing.mode])
        display.SetViewNodeIDs(list(drawing.views))
        self._set_contours()
        if not drawing.by_length:
            draw_in_one_color(display)
        self._set_spacing()
        show_grid(self.scene, self.node("transform").GetID(), True)
        display.EndModify(changing)

    def _set_contours(self) -> None:
        longest = self._display.GetColorMap().GetRange()[1]
        levels = [f"{longest * (n + 0.5) / _LEVELS:.6g}" for n in range(_LEVELS)]
        self._display.SetContourLevelsMmFromString(" ".join(levels))

    def _set_spacing(self) -> None:
        self._spacing = drawn_spacing(self._drawing, self._extent())
        display = self._display
        space_lines(display, self._spacing)
        display.SetGlyphSpacingMm(self._spacing)
        display.SetGlyphDiameterMm(self._spacing / 4)
        display.SetGlyphDisplayRangeMinMm(0.0)
        display.SetGlyphDisplayRangeMaxMm(1e4)
        display.SetContourResolutionMm(self._spacing)

    def _extent(self) -> float:
        """How many mm the widest of the chosen views shows."""
        widest = 0.0
        for n in range(self.scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
            view = self.scene.GetNthNodeByClass(n, "vtkMRMLSliceNode")
            if not self._drawing.views or view.GetID() in self._drawing.views:
                widest = max(widest, *view.GetFieldOfView()[:2])
        return widest

    def _on_view(self, _view: Any, _event: str) -> None:
        """Follow the zoom."""
        if drawn_spacing(self._drawing, self._extent()) != self._spacing:
            changing = self._display.StartModify()
            self._set_spacing()
            self._display.EndModify(changing)


def drawn_spacing(drawing: Drawing, extent_mm: float) -> float:
    """The spacing wanted, or the next of 1, 1.5, 2, 3, 5, 7 times a power of ten that the views can show."""
    needed = extent_mm / MOST_LINES[drawing.mode]
    if drawing.spacing_mm >= needed:
        return drawing.spacing_mm
    power = 10.0 ** (ceil(log10(needed)) - 1)
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7, 10) if step * power >= needed * 0.999)


def view_ids(scene: slicer.vtkMRMLScene, names: Sequence[str]) -> tuple[str, ...]:
    """Ids of slice views by layout name, and of every 3-D view for "3D"."""
    found = []
    for class_name in ("vtkMRMLSliceNode", "vtkMRMLViewNode"):
        for n in range(scene.GetNumberOfNodesByClass(class_name)):
            view = scene.GetNthNodeByClass(n, class_name)
            name = "3D" if class_name == "vtkMRMLViewNode" else view.GetLayoutName()
            if name in names:
                found.append(view.GetID())
    return tuple(found)
