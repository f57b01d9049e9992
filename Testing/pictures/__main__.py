"""python -m Testing.pictures FOLDER [--icons]: the panel in each state, and the views with the results."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from Testing.host import desktop

from .icons import draw_icon, draw_thumbnail
from .review import draw_review
from .views import draw_views

ROOT = Path(__file__).parents[2]
WIDTH = 460


def main() -> None:
    """Run the phantom through the panel and photograph it on the way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--icons", action="store_true", help="draw the icons in Resources anew")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    desktop.start()
    if arguments.icons:
        draw_icon(ROOT / "Resources" / "Icons" / "BSAFusion.png")
        draw_thumbnail(ROOT / "Resources" / "Icons" / "BSAFusionPhantom.png")
    with desktop.opened(desktop.load_module(ROOT / "BSAFusionModule" / "BSAFusion.py")) as panel:
        _photograph(panel, arguments.folder)
    os._exit(0)  # Qt, VTK and Python do not agree on the order of their farewells


def _photograph(panel: Any, folder: Path) -> None:
    from BSAFusionLib.panel import sample_data

    ui = panel.ui
    _grab(panel, folder / "panel_empty.png")
    _mr, ct = sample_data.load()
    panel.enter()
    _grab(panel, folder / "panel_ready.png")
    ui.fuseButton.click()
    desktop.wait_for(lambda: ui.progressBar.maximum > 0 and ui.progressBar.value > 0)
    _grab(panel, folder / "panel_running.png")
    _wait(panel)
    ui.gridCheck.click()
    _grab(panel, folder / "panel_done.png")
    draw_views(panel, folder)
    draw_review(panel, folder, _grab)
    _photograph_apply(panel, ct, folder / "panel_apply.png")
    ui.advancedSection.collapsed = ui.outputsSection.collapsed = False
    _grab(panel, folder / "panel_options.png")
    ui.advancedSection.collapsed = ui.outputsSection.collapsed = True
    ui.selfCheckButton.click()
    _wait(panel)
    _grab(panel, folder / "panel_self_check.png")
    _photograph_trouble(panel, folder, ct)


def _photograph_trouble(panel: Any, folder: Path, ct: Any) -> None:
    """What a user sees who has misplaced a volume, does without alignment, or removes a volume too early."""
    ui, place = panel.ui, ct.GetOrigin()
    ct.SetOrigin(place[0] + 500, place[1], place[2])
    panel.enter()
    _grab(panel, folder / "panel_refused.png")
    ct.SetOrigin(place[0] + 60, place[1], place[2])
    ui.alignmentCombo.currentIndex = ui.alignmentCombo.count - 1
    panel.enter()
    ui.fuseButton.click()
    _wait(panel)
    _grab(panel, folder / "panel_doubtful.png")
    ui.fuseButton.click()
    desktop.wait_for(lambda: ui.progressLabel.visible)
    panel.panel._scene.RemoveNode(ct)
    _wait(panel)
    _grab(panel, folder / "panel_error.png")


def _photograph_apply(panel: Any, ct: Any, path: Path) -> None:
    """Carry the CT over, and photograph only the sections that do such things."""
    part = panel.applyPanel
    sections = (part.ui.applySection, part.ui.exportSection)
    for section in sections:
        section.collapsed = False
    part.ui.applyNodesSelector.check(ct)
    part.ui.applyNodesSelector.setCurrentNode(ct)
    part.ui.applyButton.click()
    part.ui.exportFolderEdit.currentPath = "/"
    _grab(panel, path)
    part.widget.grab().save(str(path))
    for section in sections:
        section.collapsed = True


def _wait(panel: Any) -> None:
    desktop.wait_for(lambda: not panel.panel.controller.state.is_busy, seconds=600)


def _grab(panel: Any, path: Path) -> None:
    """Photograph the panel at the height it needs."""
    for _ in range(3):
        desktop.process_events()
        panel.parent.resize(WIDTH, panel.parent.layout().totalHeightForWidth(WIDTH))
    desktop.process_events()
    panel.parent.grab().save(str(path))


if __name__ == "__main__":
    main()
