"""Arrangements of slice views of our own, which come and go with a review tool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import slicer

from .display import fit_view
from .fusion_nodes import FusionNodes
from .review_memory import Memory
from .review_tool import ALIGNED, ORIGINAL, ReviewTool, fill_layers
from .vtk_bridge import create_view_node

_LAYOUT_CLASS = "vtkMRMLLayoutNode"
_FIRST_ID = 57300  # of a layout; the built-in ones end below 600, and users' own ones are small numbers
_GROUP = 573  # of views that follow each other


@dataclass(frozen=True)
class View:
    """A slice view: a name that no other view has, what its corner says, orientation, colour, and group."""

    name: str
    label: str
    orientation: str = "Axial"
    color: str = "#808080"
    group: int = _GROUP


class Arrangement:
    """Rows of slice views instead of the present layout, until memory restores the scene.

    The nodes of the views exist also where no desktop lays them out.
    """

    def __init__(self, memory: Memory, number: int, rows: Sequence[Sequence[View]]) -> None:
        self._memory = memory
        self._layout = memory.scene.GetFirstNodeByClass(_LAYOUT_CLASS)
        self._before = None if self._layout is None else self._layout.GetViewArrangement()
        self._ours = _FIRST_ID + number
        if self._layout is not None:
            if not self._layout.IsLayoutDescription(self._ours):
                self._layout.AddLayoutDescription(self._ours, _description(rows))
            self._layout.SetViewArrangement(self._ours)
        self.views = {view.name: self._node(view) for row in rows for view in row}
        self.layers = {name: self._layers(name) for name in self.views}

    def leave(self) -> None:
        """Go back to the layout of before, unless the user has chosen another meanwhile."""
        layout = self._memory.scene.GetFirstNodeByClass(_LAYOUT_CLASS)
        if layout is not None and layout is self._layout and layout.GetViewArrangement() == self._ours:
            layout.SetViewArrangement(self._before)

    def _node(self, view: View) -> slicer.vtkMRMLSliceNode:
        """The view's node, which a layout logic has made already where there is one."""
        scene = self._memory.scene
        node = scene.GetSingletonNode(view.name, "vtkMRMLSliceNode")
        if node is None:
            node = create_view_node(scene, "vtkMRMLSliceNode", view.name)
            node.SetOrientation(view.orientation)
            node.SetLayoutLabel(view.label)
            node.SetViewGroup(view.group)
            scene.AddNode(node)
        return self._memory.take_over(node)

    def _layers(self, name: str) -> slicer.vtkMRMLSliceCompositeNode:
        scene = self._memory.scene
        node = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        if node is None:
            node = scene.AddNode(create_view_node(scene, "vtkMRMLSliceCompositeNode", name))
        return self._memory.take_over(node)


class BeforeAfterFused(ReviewTool):
    """Three views that move together: both volumes as scanned, both aligned, and the fused picture."""

    needs = ("fixed", "moving", "aligned")

    def __init__(self, scene: slicer.vtkMRMLScene, fusion: FusionNodes, orientation: str = "Axial") -> None:
        super().__init__(scene, fusion)
        fixed = self.node("fixed")
        picture = fusion.get("color") or fusion.get("fused") or fixed
        shown = ((self.shown_id(ORIGINAL), 0.5), (self.shown_id(ALIGNED), 0.5), (None, 0.0))
        views = [View(f"BSAFusion{name}", name) for name in ("Before", "After", "Fused")]
        self.arrangement = Arrangement(self.memory, 0, [views])
        self._unwatch.append(self.arrangement.leave)
        for (name, layers), (foreground, opacity) in zip(self.arrangement.layers.items(), shown, strict=True):
            below = picture if foreground is None else fixed
            fill_layers(layers, below.GetID(), foreground, opacity)
            layers.SetLinkedControl(True)
            layers.SetHotLinkedControl(True)
            self.arrangement.views[name].SetOrientation(orientation)
        self.fit()

    def fit(self) -> None:
        """Show the whole fixed volume in each view; once more when the views have got their size."""
        for view in self.arrangement.views.values():
            fit_view(view, self.node("fixed"))


def _description(rows: Sequence[Sequence[View]]) -> str:
    """The layout in Slicer's XML."""
    return _nested("vertical", [_nested("horizontal", [_view(view) for view in row]) for row in rows])


def _nested(direction: str, parts: Sequence[str]) -> str:
    return f'<layout type="{direction}">' + "".join(f"<item>{part}</item>" for part in parts) + "</layout>"


def _view(view: View) -> str:
    values = {
        "orientation": view.orientation,
        "viewlabel": view.label,
        "viewcolor": view.color,
        "viewgroup": str(view.group),
    }
    properties = "".join(
        f'<property name="{key}" action="default">{text}</property>' for key, text in values.items()
    )
    return f'<view class="vtkMRMLSliceNode" singletontag={quoteattr(view.name)}>{properties}</view>'
