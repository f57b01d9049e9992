"""How fast the review tools answer: python -m Testing.bench.bench_review, on 256 x 256 x 180 voxels."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from Testing.host import desktop

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "BSAFusionModule" / "BSAFusion.py"
_SHAPE = (180, 256, 256)
_VIEW = (512, 512)
_REPEATS = 7
_TOOLS = {
    "edgesButton": (30, 70),
    "fadeButton": (30, 70),
    "swipeButton": (30, 70),
    "deformationButton": (30, 70),
    "layoutButton": (),
    "cursorButton": (),
}


def publish_pair() -> Any:
    """A fusion of noise-free waves as PET, with a displacement and a turn; returns it."""
    import slicer
    from BSAFusionLib.engine.result import FusionResult
    from BSAFusionLib.engine.volume import Volume
    from BSAFusionLib.scene.add_volume import add_volume
    from BSAFusionLib.scene.fusion_nodes import find_fusions
    from BSAFusionLib.scene.publish import publish

    k, j, i = (np.arange(count, dtype=np.float32) for count in _SHAPE)
    waves = np.sin(i / 9) * np.sin(j / 11)[:, None] + np.sin(k / 13)[:, None, None]
    fixed = Volume(((waves + 2) / 4).astype(np.float32), np.eye(4), "MR")
    moving = Volume((10 * fixed.array[::-1]).copy(), np.eye(4), "PET")
    displacement = np.stack([3 * waves, 2 * waves, waves], axis=-1)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]]
    color = np.repeat((255 * fixed.array).astype(np.uint8)[..., None], 3, axis=-1)
    sides = {"fixed": {"modality": "mr", "window": [0, 1]}, "moving": {"modality": "pet", "window": [0, 10]}}
    result = FusionResult(
        fused=fixed,
        aligned=moving,
        displacement=displacement,
        initial=turn,
        modality="pet",
        fused_color=color,
        report={"geometry": sides},
    )
    ids = [add_volume(slicer.mrmlScene, volume).GetID() for volume in (fixed, moving)]
    publish(slicer.mrmlScene, result, *ids)
    return find_fusions(slicer.mrmlScene)[-1]


class Views:
    """The slice views' pipelines, as the desktop runs them when a view is drawn."""

    def __init__(self, fixed: Any) -> None:
        import slicer
        from BSAFusionLib.scene.display import fit

        self.scene = slicer.mrmlScene
        self._logics: dict[str, Any] = {}
        for name in ("Red", "Yellow", "Green"):
            self.scene.GetSingletonNode(name, "vtkMRMLSliceNode").SetDimensions(*_VIEW, 1)
            layers = self.scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
            layers.SetBackgroundVolumeID(fixed.GetID())
        fit(self.scene, fixed.GetID())

    def update(self) -> None:
        """Compute the image of the three standard views."""
        import slicer

        for name in ("Red", "Yellow", "Green"):
            if name not in self._logics:
                logic = slicer.vtkMRMLSliceLogic()
                logic.SetMRMLScene(self.scene)
                logic.SetSliceNode(self.scene.GetSingletonNode(name, "vtkMRMLSliceNode"))
                self._logics[name] = logic
            self._logics[name].UpdatePipeline()
            self._logics[name].GetImageDataConnection().GetProducer().Update()


def milliseconds(act: Callable[[], None]) -> float:
    """Time one act."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def bench_tools(ui: Any, views: Views) -> None:
    """Each tool: begun with a click, its slider moved, and left; with the pictures of three views."""
    print(f"{'tool':20}{'begin':>8}{'slider':>8}{'scroll':>8}{'leave':>8}   ms, medians of {_REPEATS}")
    red = views.scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    for name, values in _TOOLS.items():
        button = getattr(ui, name)
        times: dict[str, list[float]] = {"begin": [], "slider": [], "scroll": [], "leave": []}
        for repeat in range(_REPEATS):
            times["begin"].append(milliseconds(lambda b=button: (b.click(), views.update())))
            for value in values:
                times["slider"].append(milliseconds(lambda v=value: (_move(ui, v), views.update())))
            offset = 40.0 + repeat
            times["scroll"].append(milliseconds(lambda o=offset: (red.SetSliceOffset(o), views.update())))
            times["leave"].append(milliseconds(lambda b=button: (b.click(), views.update())))
        row = [f"{statistics.median(found):8.0f}" if found else f"{'':8}" for found in times.values()]
        print(f"{name:20}{''.join(row)}", flush=True)


def _move(ui: Any, value: float) -> None:
    ui.toolSlider.value = value


def bench_cursor(panel: Any, ui: Any) -> None:
    """The linked cursor follows one movement of the mouse."""
    ui.cursorButton.click()
    tool = panel.panel.review.tool
    spots = np.random.default_rng(1).uniform(40, 160, (50, 3)).tolist()
    times = [milliseconds(lambda p=p: tool.at_fixed(p)) for p in spots]
    print(f"{'cursor moves':20}{statistics.median(times):8.1f}")
    ui.cursorButton.click()


def bench_drawing(ui: Any, views: Views, fusion: Any) -> None:
    """Slicer computes what is drawn of the deformation in three views, when drawn as finely as it gets."""
    import slicer
    import vtk

    for index, name in ((1, "grid"), (2, "arrows"), (3, "contours")):
        times = []
        for _ in range(_REPEATS):
            ui.drawingSpacingSlider.value = 0.2

            def draw(index: int = index) -> None:
                ui.drawingCombo.currentIndex = index
                display = fusion.get("transform").GetDisplayNode()
                for view in ("Red", "Yellow", "Green"):
                    node = views.scene.GetSingletonNode(view, "vtkMRMLSliceNode")
                    slicer.vtkSlicerTransformLogic.GetVisualization2d(vtk.vtkPolyData(), display, node)

            times.append(milliseconds(draw))
            ui.drawingCombo.currentIndex = 0
        print(f"{'drawn as ' + name:20}{statistics.median(times):8.0f}", flush=True)


def bench_colors(panel: Any, ui: Any) -> None:
    """The fused picture is painted anew."""
    colors, times = panel.panel.review.colors, {"strength": [], "window": [], "colours": []}
    display = panel.panel.review._fusion.moving.GetDisplayNode()
    for repeat in range(_REPEATS):
        ui.strengthSlider.value = 10 + repeat
        times["strength"].append(milliseconds(colors.paint))
        display.SetWindowLevelMinMax(0, 5 + repeat)
        times["window"].append(milliseconds(colors.paint))
        names = ("PET-Heat", "PET-DICOM")
        display.SetAndObserveColorNodeID(f"vtkMRMLPETProceduralColorNode{names[repeat % 2]}")
        times["colours"].append(milliseconds(colors.paint))
    for name, found in times.items():
        print(f"{'new ' + name:20}{statistics.median(found):8.0f}", flush=True)


def main() -> None:
    """Measure everything."""
    desktop.start()
    with desktop.opened(desktop.load_module(MODULE)) as panel:
        fusion = publish_pair()
        panel.enter()
        ui, views = panel.panel.review.ui, Views(fusion.fixed)
        views.update()
        bench_tools(ui, views)
        bench_cursor(panel, ui)
        bench_drawing(ui, views, fusion)
        bench_colors(panel, ui)
        os._exit(0)


if __name__ == "__main__":
    main()
