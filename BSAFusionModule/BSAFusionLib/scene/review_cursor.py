"""A cursor in the fixed volume and in the moving one as it was scanned, each where the other is."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from .display import fit_view
from .fusion_nodes import FusionNodes
from .review_layout import Arrangement, View
from .review_tool import ORIGINAL, ReviewTool, fill_layers

Point = tuple[float, float, float]

_COLORS = {"Axial": "#F34A33", "Sagittal": "#EDD54C", "Coronal": "#6EB04B"}  # as Slicer's views
_MARK_COLOR = (0.1, 0.9, 1.0)
_FIXED_GROUP, _MOVING_GROUP = 574, 575
_GLYPH_PERCENT = 4.0


class LinkedCursor(ReviewTool):
    """Three views of the fixed volume above three of the original, undistorted moving one.

    Where the mouse is in one row, a cross marks the same tissue in the other, and its slices go there.
    """

    needs = ("fixed", "moving", "transform")

    def __init__(self, scene: slicer.vtkMRMLScene, fusion: FusionNodes) -> None:
        super().__init__(scene, fusion)
        self._to_moving, self._to_fixed = vtk.vtkGeneralTransform(), vtk.vtkGeneralTransform()
        self.node("transform").GetTransformFromWorld(self._to_moving)
        self.node("transform").GetTransformToWorld(self._to_fixed)
        rows = [
            [View(f"BSAFusion{side}{o}", f"{side} {o[0]}", o, _COLORS[o], group) for o in _COLORS]
            for side, group in (("Fixed", _FIXED_GROUP), ("Moving", _MOVING_GROUP))
        ]
        self._shown = {"Fixed": self.node("fixed"), "Moving": scene.GetNodeByID(self.shown_id(ORIGINAL))}
        arrangement = Arrangement(self.memory, 1, rows)
        self._unwatch.append(arrangement.leave)
        self._views: dict[str, list[slicer.vtkMRMLSliceNode]] = {"Fixed": [], "Moving": []}
        for name, view in arrangement.views.items():
            side = "Fixed" if name.startswith("BSAFusionFixed") else "Moving"
            fill_layers(arrangement.layers[name], self._shown[side].GetID(), None, 0.0)
            self._views[side].append(view)
        self.fit()
        self._marks = {side: self._mark(side) for side in self._views}
        self._follow_mouse()

    def fit(self) -> None:
        """Show both volumes whole; once more when the views have got their size."""
        for side, views in self._views.items():
            for view in views:
                fit_view(view, self._shown[side])

    def at_fixed(self, point: Point) -> Point:
        """Put the cursor at a point of the fixed volume, RAS mm; returns where it lies in the moving one."""
        moving = self._to_moving.TransformPoint(point)
        self._show(point, moving)
        return (moving[0], moving[1], moving[2])

    def at_moving(self, point: Point) -> Point:
        """Put the cursor at a point of the moving volume, RAS mm; returns where it lies in the fixed one."""
        fixed = self._to_fixed.TransformPoint(point)
        self._show(fixed, point)
        return (fixed[0], fixed[1], fixed[2])

    def _follow_mouse(self) -> None:
        """Slicer's crosshair knows where the mouse is, in which view, also when it is not drawn."""
        cursor = self.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if cursor is not None:
            self.watch(cursor, cursor.CursorPositionModifiedEvent, self._on_mouse)

    def _on_mouse(self, cursor: slicer.vtkMRMLCrosshairNode, _event: Any) -> None:
        place, point = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        view = cursor.GetCursorPositionXYZ(place)
        if view is None or not cursor.GetCursorPositionRAS(point):
            return
        if view in self._views["Fixed"]:
            self.at_fixed((point[0], point[1], point[2]))
        elif view in self._views["Moving"]:
            self.at_moving((point[0], point[1], point[2]))

    def _show(self, fixed: Point, moving: Point) -> None:
        for side, point in (("Fixed", fixed), ("Moving", moving)):
            mark = self._marks[side]
            if mark.GetNumberOfControlPoints() == 0:
                mark.AddControlPointWorld(vtk.vtkVector3d(*point), "")
            else:
                mark.SetNthControlPointPositionWorld(0, *point)
            for view in self._views[side]:
                view.JumpSliceByOffsetting(*point)

    def _mark(self, side: str) -> slicer.vtkMRMLMarkupsFiducialNode:
        """A cross that only the views of one side show, and that the mouse does not catch."""
        mark = self.memory.add("vtkMRMLMarkupsFiducialNode", f"Linked cursor {side}")
        mark.SetLocked(True)
        display = self.memory.add("vtkMRMLMarkupsFiducialDisplayNode", f"{mark.GetName()} display")
        display.SetSelectedColor(*_MARK_COLOR)
        display.SetColor(*_MARK_COLOR)
        display.SetGlyphType(display.Cross2D)
        display.SetGlyphScale(_GLYPH_PERCENT)
        display.SetPointLabelsVisibility(False)
        display.SetViewNodeIDs([view.GetID() for view in self._views[side]])
        mark.SetAndObserveDisplayNodeID(display.GetID())
        return mark
