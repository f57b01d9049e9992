"""Tools that compare the fixed volume with the aligned or the original moving one in every slice view."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from ..engine.volume import Grid
from .fusion_nodes import FusionNodes
from .palette import shown_colors
from .review_picture import Picture, ViewPictures, show_lines, show_rgb
from .review_tool import ALIGNED, LINE_COLOR, ORIGINAL, ReviewTool
from .review_view import finest_spacing, picture_grid, view_key
from .review_warp import PartialWarp

_LINE_PIXELS = 2


class Fade(ReviewTool):
    """The fixed volume, and over it the other one, as much as wanted; also what flickers."""

    needs = ("fixed",)

    def __init__(
        self, scene: slicer.vtkMRMLScene, fusion: FusionNodes, over: str = ALIGNED, share: float = 0.5
    ) -> None:
        super().__init__(scene, fusion)
        self.node(over)
        self.share = share
        self.set_layers(self.node("fixed").GetID(), self.shown_id(over), share)

    def set_share(self, share: float) -> None:
        """Show only the fixed volume (0), only the other one (1), or something between."""
        self.share = share
        self.set_opacity(share)


class Edges(ReviewTool):
    """The fixed volume's edges, as lines, over the other volume."""

    needs = ("fixed",)

    def __init__(
        self, scene: slicer.vtkMRMLScene, fusion: FusionNodes, over: str = ALIGNED, detail: float = 0.5
    ) -> None:
        super().__init__(scene, fusion)
        self.node(over)
        self._detail = detail
        self.set_layers(self.shown_id(over))
        self._pictures = ViewPictures(self.memory, "vtkMRMLScalarVolumeNode", self._compose, show_lines)
        self._unwatch.append(self._pictures.close)
        self.watch_colors(self.node("fixed"), self._pictures.refresh)

    def set_detail(self, detail: float) -> None:
        """Draw the strongest edges only (0) up to weak ones (1)."""
        self._detail = detail
        self._pictures.refresh()

    def _compose(self, view: slicer.vtkMRMLSliceNode) -> Picture | None:
        grid = picture_grid(view, finest_spacing(self.node("fixed")) / 2)
        return None if grid is None else (grid, self.fixed_edges(grid, self._detail).astype(np.uint8))


class Swipe(ReviewTool):
    """The fixed volume left of a line, the other one right of it."""

    needs = ("fixed",)

    def __init__(
        self, scene: slicer.vtkMRMLScene, fusion: FusionNodes, over: str = ALIGNED, at: float = 0.5
    ) -> None:
        super().__init__(scene, fusion)
        self.node(over)
        self._over, self._at = over, at
        self._whole: dict[str, tuple[tuple[object, ...], Grid, NDArray[np.uint8]]] = {}
        self.set_layers(self.node("fixed").GetID())
        self._pictures = ViewPictures(self.memory, "vtkMRMLVectorVolumeNode", self._compose, show_rgb)
        self._unwatch.append(self._pictures.close)
        self.watch_colors(self.node(over), self._repaint)

    @property
    def at(self) -> float:
        """Where the line is."""
        return self._at

    def move(self, at: float) -> None:
        """Put the line at a share, 0 to 1, of each view's width."""
        self._at = min(max(at, 0.0), 1.0)
        self._pictures.refresh()

    def follow(self, cursor: slicer.vtkMRMLCrosshairNode, moved: Any) -> None:
        """Let the line follow the mouse over the views, and tell moved(at)."""

        def on_cursor(_node: Any, _event: str) -> None:
            place = [0.0, 0.0, 0.0]
            view = cursor.GetCursorPositionXYZ(place)
            if view is not None:
                moved(place[0] / max(view.GetDimensions()[0] - 1, 1))

        self.watch(cursor, cursor.CursorPositionModifiedEvent, on_cursor)

    def _repaint(self) -> None:
        self._whole = {}
        self._pictures.refresh()

    def _compose(self, view: slicer.vtkMRMLSliceNode) -> Picture | None:
        key = view_key(view)
        known = self._whole.get(view.GetID())
        if known is None or known[0] != key:
            grid = picture_grid(view, finest_spacing(self.node("fixed")) / 2)
            if grid is None:
                return None
            colors = shown_colors(self.sampled(self._over, grid), self.node(self._over))
            known = self._whole[view.GetID()] = (key, grid, colors)
        return self._cut(known[1], known[2])

    def _cut(self, grid: Grid, colors: NDArray[np.uint8]) -> Picture:
        """Keep what lies right of the line, which is drawn along the cut."""
        columns = grid.shape[2]
        first = min(round(self._at * columns), columns - _LINE_PIXELS)
        right = colors[:, :, first:].copy()
        right[:, :, :_LINE_PIXELS] = LINE_COLOR
        place = grid.ijk_to_ras.copy()
        place[:3, 3] += first * place[:3, 0]
        return Grid((1, *right.shape[1:3]), place), right


class Deformation(ReviewTool):
    """The moving volume on its way: from where it was scanned (0) to where it was aligned (1)."""

    needs = ("fixed", "moving", "transform")

    def __init__(
        self,
        scene: slicer.vtkMRMLScene,
        fusion: FusionNodes,
        share: float = 1.0,
        lines: bool = True,
        detail: float = 0.5,
    ) -> None:
        super().__init__(scene, fusion)
        self._warp = PartialWarp(self.node("transform"))
        self._share, self._lines, self._detail = share, lines, detail
        self._edges: dict[str, tuple[tuple[object, ...], NDArray[np.bool_]]] = {}
        self.set_layers(self.node("fixed").GetID())
        self._pictures = ViewPictures(self.memory, "vtkMRMLVectorVolumeNode", self._compose, show_rgb)
        self._unwatch.append(self._pictures.close)
        self.watch_colors(self.node("moving"), self._pictures.refresh)
        self.watch_colors(self.node("fixed"), self._redraw)

    def set_share(self, share: float) -> None:
        """Apply that much of the transform, 0 to 1."""
        self._share = share
        self._pictures.refresh()

    def set_lines(self, lines: bool, detail: float) -> None:
        """Draw the fixed volume's edges over it, or not."""
        self._lines, self._detail = lines, detail
        self._redraw()

    def _redraw(self) -> None:
        self._edges = {}
        self._pictures.refresh()

    def _compose(self, view: slicer.vtkMRMLSliceNode) -> Picture | None:
        grid = picture_grid(view, finest_spacing(self.node("fixed")))
        if grid is None:
            return None
        values = self.sampled(ORIGINAL, grid, self._warp.at(self._share))
        colors = shown_colors(values, self.node("moving"))
        if self._lines:
            colors[self._lines_of(view, grid)] = LINE_COLOR
        return grid, colors

    def _lines_of(self, view: slicer.vtkMRMLSliceNode, grid: Grid) -> NDArray[np.bool_]:
        """The edges, found once for each place of a view."""
        key = view_key(view)
        known = self._edges.get(view.GetID())
        if known is None or known[0] != key:
            known = self._edges[view.GetID()] = (key, self.fixed_edges(grid, self._detail))
        return known[1]


class Confidence(ReviewTool):
    """The confidence map over the fused picture, from red, low, to blue, high."""

    needs = ("confidence",)

    def __init__(self, scene: slicer.vtkMRMLScene, fusion: FusionNodes, share: float = 0.5) -> None:
        super().__init__(scene, fusion)
        below = fusion.get("color") or fusion.get("fused") or fusion.get("aligned") or self.node("fixed")
        display = self.node("confidence").GetDisplayNode()
        if display is not None:
            self.memory.keep(display).SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")
        self.set_layers(below.GetID(), self.node("confidence").GetID(), share)

    def set_share(self, share: float) -> None:
        """Set how much of the map is seen, 0 to 1."""
        self.set_opacity(share)
