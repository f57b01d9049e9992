"""The review tools on the fusion that the panel holds: what each shows, and the section itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_SIZE = (300, 300)


def draw_review(panel: Any, folder: Path, grab: Callable[[Any, Path], None]) -> None:
    """Draw edges, swipe, part of the deformation, how it is drawn, three views, and the linked cursor."""
    import slicer

    from Testing.host.views import render_slice_view, write_png

    scene, ui = slicer.mrmlScene, panel.panel.review.ui

    def drawn(*names: str) -> list[Picture]:
        return [render_slice_view(scene, name, _SIZE) for name in names]

    panel.ui.gridCheck.checked = False
    panel.panel.draw_grid()
    ui.edgesButton.click()
    _choose(ui.overCombo, 1)
    edges = drawn("Red")
    _choose(ui.overCombo, 0)
    edges += drawn("Red")
    grab(panel, folder / "panel_review.png")
    ui.swipeButton.click()
    swipe = drawn("Red")
    ui.deformationButton.click()
    ui.toolSlider.value = 50
    half = drawn("Red")
    ui.deformationButton.click()
    write_png(_sheet([[*edges, *swipe, *half]]), folder / "review_tools.png")
    write_png(_sheet([_deformations(ui, drawn)]), folder / "review_deformation.png")
    ui.layoutButton.click()
    write_png(
        _sheet([drawn("BSAFusionBefore", "BSAFusionAfter", "BSAFusionFused")]), folder / "review_layout.png"
    )
    ui.cursorButton.click()
    panel.panel.review.tool.at_fixed((30.0, 20.0, 10.0))
    axes = ("Axial", "Sagittal", "Coronal")
    rows = [drawn(*(f"BSAFusion{side}{axis}" for axis in axes)) for side in ("Fixed", "Moving")]
    ui.cursorButton.click()
    write_png(_sheet(rows), folder / "review_cursor.png")


def _deformations(ui: Any, drawn: Callable[..., list[Picture]]) -> list[Picture]:
    pictures = []
    for mode in (1, 2, 3):
        ui.drawingCombo.currentIndex = mode
        pictures += drawn("Red")
    ui.drawingCombo.currentIndex = 0
    return pictures


def _choose(combo: Any, index: int) -> None:
    """Choose as a user does."""
    combo.currentIndex = index
    combo.activated(index)


def _sheet(rows: list[list[Picture]]) -> Picture:
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])
