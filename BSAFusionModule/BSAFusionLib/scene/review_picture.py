"""Pictures that are made for each slice view and made anew when the view moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from ..engine.volume import Grid
from .review_memory import Memory
from .review_view import is_seen, slice_views, view_key
from .vtk_bridge import image_data, matrix

Picture = tuple[Grid, NDArray[np.generic]]
Compose = Callable[[slicer.vtkMRMLSliceNode], Picture | None]


class ViewPictures:
    """Shows one picture in each slice view, in front of its background.

    memory: undoes what is added and changed. class_name: of the volumes that hold the pictures. compose:
    makes the picture of a view, (1, rows, columns) or (1, rows, columns, 3), and its place; None for no
    picture. show: sets the display of a new volume.
    """

    def __init__(
        self,
        memory: Memory,
        class_name: str,
        compose: Compose,
        show: Callable[[slicer.vtkMRMLVolumeDisplayNode], None],
    ) -> None:
        self._memory = memory
        self._class_name = class_name
        self._compose = compose
        self._show = show
        self._volumes: dict[str, slicer.vtkMRMLVolumeNode] = {}
        self._keys: dict[str, tuple[object, ...]] = {}
        self._observed: list[tuple[slicer.vtkMRMLSliceNode, int]] = []
        for view, _ in slice_views(memory.scene):
            tag = view.AddObserver("ModifiedEvent", self._on_view)
            self._observed.append((view, tag))
        self.refresh()

    def refresh(self) -> None:
        """Make every picture anew."""
        for view, layers in slice_views(self._memory.scene):
            self._keys[view.GetID()] = view_key(view)
            self._draw(view, layers)

    def close(self) -> None:
        """Follow the views no longer; the memory takes the pictures away."""
        for view, tag in self._observed:
            view.RemoveObserver(tag)
        self._observed = []

    def _on_view(self, view: slicer.vtkMRMLSliceNode, _event: Any) -> None:
        """Draw a view that has moved; other changes of its node do not matter."""
        key = view_key(view)
        if key == self._keys.get(view.GetID()):
            return
        self._keys[view.GetID()] = key
        for other, layers in slice_views(self._memory.scene):
            if other is view:
                self._draw(view, layers)

    def _draw(self, view: slicer.vtkMRMLSliceNode, layers: slicer.vtkMRMLSliceCompositeNode) -> None:
        picture = self._compose(view) if is_seen(view) else None
        if picture is None:
            return
        grid, array = picture
        volume = self._volumes.get(view.GetID())
        if volume is None:
            volume = self._volumes[view.GetID()] = self._add(view)
        changing = volume.StartModify()
        volume.SetIJKToRASMatrix(matrix(grid.ijk_to_ras))
        volume.SetAndObserveImageData(image_data(array))
        volume.EndModify(changing)
        if layers.GetForegroundVolumeID() != volume.GetID():
            self._memory.keep(layers)
            layers.SetForegroundVolumeID(volume.GetID())
            layers.SetForegroundOpacity(1.0)

    def _add(self, view: slicer.vtkMRMLSliceNode) -> slicer.vtkMRMLVolumeNode:
        volume = self._memory.add(self._class_name, f"Review picture {view.GetLayoutName()}")
        display = self._memory.add(
            self._class_name.replace("VolumeNode", "VolumeDisplayNode"), f"{volume.GetName()} display"
        )
        display.SetAutoWindowLevel(False)
        self._show(display)
        volume.SetAndObserveDisplayNodeID(display.GetID())
        return volume


def show_rgb(display: slicer.vtkMRMLVectorVolumeDisplayNode) -> None:
    """Show colours as they are."""
    display.SetDefaultColorMap()
    display.SetWindowLevel(255, 127.5)


def show_lines(display: slicer.vtkMRMLScalarVolumeDisplayNode) -> None:
    """Show what is set in yellow and nothing else."""
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeYellow")
    display.SetInterpolate(False)
    display.SetWindowLevelMinMax(0, 1)
    display.SetApplyThreshold(True)
    display.SetThreshold(1, 255)
