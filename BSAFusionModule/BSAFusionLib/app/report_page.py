"""The page about a fusion, written when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..engine.result import FusionResult
from ..scene.read import read_volume


def page_maker(scene: Any, result: FusionResult, nodes: Mapping[str, str]) -> Callable[[], str]:
    """Return what writes the page, as HTML; until then it costs nothing: the scene shares the arrays.

    nodes: ids of the "fixed" and the "moving" volume. It raises BSAFusionError where these cannot be read.
    """

    def make() -> str:
        from ..page.html import html_page
        from ..page.pictures import take_pictures  # imports SimpleITK

        fixed, moving = (read_volume(scene.GetNodeByID(nodes[role]), role) for role in ("fixed", "moving"))
        return html_page(result.report, take_pictures(fixed, moving, result), fixed.name, moving.name)

    return make
