"""The slice views and the 3-D view with the results of a fusion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIZE = (360, 360)
_SPACING_IN_3D = 30.0  # mm; a denser grid hides itself


def draw_views(panel: Any, folder: Path) -> None:
    """Draw what each button shows, and the deformation grid, with the results that the panel holds."""
    import slicer

    from Testing.host.views import render_3d_view, render_slice_view, write_png

    scene, ui = slicer.mrmlScene, panel.ui
    rows = []
    ui.gridCheck.click()  # off
    for button in (ui.showFixedButton, ui.showMovingButton, ui.showAlignedButton, ui.showFusedButton):
        button.click()
        rows.append(render_slice_view(scene, "Red", _SIZE))
    write_png(_side_by_side(rows), folder / "views_fixed_moving_aligned_fused.png")
    ui.gridCheck.click()  # on
    slices = [render_slice_view(scene, name, _SIZE) for name in ("Red", "Yellow", "Green")]
    spacing, ui.gridSpacingSlider.value = ui.gridSpacingSlider.value, _SPACING_IN_3D
    write_png(_side_by_side([*slices, render_3d_view(scene, _SIZE)]), folder / "views_grid.png")
    ui.gridSpacingSlider.value = spacing


def _side_by_side(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.concatenate(pictures, axis=1)
