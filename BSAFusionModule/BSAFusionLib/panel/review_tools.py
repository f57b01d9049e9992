"""The review tools as buttons: what each is called, what its slider does, and how it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from ..scene.fusion_nodes import FusionNodes
from ..scene.review_compare import Confidence, Deformation, Edges, Fade, Swipe
from ..scene.review_cursor import LinkedCursor
from ..scene.review_layout import BeforeAfterFused
from ..scene.review_tool import ReviewTool


@dataclass(frozen=True)
class Choice:
    """What the widgets say when a tool begins: volume to compare with, slider's value, check box."""

    over: str
    value: float
    lines: bool


@dataclass(frozen=True)
class Slider:
    """The tool's slider: label, range, first value and unit; move tells the tool of a value."""

    label: str
    move: Callable[[Any, float], None] | None
    value: float = 50.0
    minimum: float = 0.0
    maximum: float = 100.0
    step: float = 1.0
    suffix: str = " %"
    decimals: int = 0


@dataclass(frozen=True)
class Button:
    """A tool: make begins it; hint says what is seen."""

    make: Callable[[Any, FusionNodes, Choice], ReviewTool]
    hint: str
    slider: Slider | None = None
    compares: bool = False


BUTTONS = {
    "edgesButton": Button(
        lambda scene, fusion, choice: Edges(scene, fusion, choice.over, choice.value / 100),
        _("Yellow: edges of the fixed volume, as its window shows them. Where they fit, it is aligned."),
        Slider(_("Detail:"), lambda tool, value: tool.set_detail(value / 100)),
        compares=True,
    ),
    "fadeButton": Button(
        lambda scene, fusion, choice: Fade(scene, fusion, choice.over, choice.value / 100),
        _("From the fixed volume (0 %) to the other one (100 %)."),
        Slider(_("Fade:"), lambda tool, value: tool.set_share(value / 100)),
        compares=True,
    ),
    "swipeButton": Button(
        lambda scene, fusion, choice: Swipe(scene, fusion, choice.over, choice.value / 100),
        _("Left of the line the fixed volume, right of it the other one."),
        Slider(_("Line at:"), lambda tool, value: tool.move(value / 100)),
        compares=True,
    ),
    "flickerButton": Button(
        lambda scene, fusion, choice: Fade(scene, fusion, choice.over, 0.0),
        _("The fixed volume and the other one in turn: what jumps is not aligned."),
        Slider(_("Change after:"), None, 0.6, 0.1, 3.0, 0.1, " s", 1),
        compares=True,
    ),
    "deformationButton": Button(
        lambda scene, fusion, choice: Deformation(scene, fusion, choice.value / 100, choice.lines),
        _("The moving volume from where it was scanned (0 %) to where it was aligned (100 %)."),
        Slider(_("Deformation:"), lambda tool, value: tool.set_share(value / 100), 100.0),
    ),
    "confidenceButton": Button(
        lambda scene, fusion, choice: Confidence(scene, fusion, choice.value / 100),
        _("How far the alignment can be trusted at each place: red is little, blue is much."),
        Slider(_("Map:"), lambda tool, value: tool.set_share(value / 100)),
    ),
    "layoutButton": Button(
        lambda scene, fusion, _choice: BeforeAfterFused(scene, fusion),
        _("Fixed and moving volume as scanned, fixed and aligned, and fused. The views move together."),
    ),
    "cursorButton": Button(
        lambda scene, fusion, _choice: LinkedCursor(scene, fusion),
        _("Move the mouse over a view: the cross in the other, undeformed volume is on the same tissue."),
    ),
}
