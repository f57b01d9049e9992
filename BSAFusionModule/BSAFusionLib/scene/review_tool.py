"""What the review tools have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ..engine.errors import InputError
from ..engine.volume import Grid
from .fusion_nodes import FusionNodes
from .palette import shown_colors_key, to_window
from .reslice import parents, sample, well_inside
from .review_edges import edges
from .review_memory import Memory
from .review_view import slice_views

ALIGNED, ORIGINAL = "aligned", "moving"
LINE_COLOR = (255, 255, 0)
_NAMES = {"fixed": "fixed volume", "moving": "moving volume", "confidence": "confidence map"}


def fill_layers(
    layers: slicer.vtkMRMLSliceCompositeNode, background: str, foreground: str | None, opacity: float
) -> None:
    """Blend two volumes, by id, in one slice view; the foreground is seen beyond the background as well."""
    changing = layers.StartModify()
    layers.SetCompositing(layers.Alpha)
    layers.SetClipToBackgroundVolume(False)
    layers.SetBackgroundVolumeID(background)
    layers.SetForegroundVolumeID(foreground)
    layers.SetForegroundOpacity(opacity)
    layers.EndModify(changing)


class ReviewTool:
    """A way to look at a fusion: begins when made, and leave() brings everything back as it was.

    Raises InputError, with nothing changed, where the fusion lacks a node that is needed.
    """

    needs: tuple[str, ...] = ()

    def __init__(self, scene: slicer.vtkMRMLScene, fusion: FusionNodes) -> None:
        self.scene, self.fusion = scene, fusion
        self._used: dict[str, slicer.vtkMRMLNode] = {}
        for role in self.needs:
            self.node(role)
        self.memory = Memory(scene)
        self._unwatch: list[Callable[[], None]] = []

    def node(self, role: str) -> slicer.vtkMRMLNode:
        """Return the fixed or moving volume or a result."""
        found = getattr(self.fusion, role) if role in ("fixed", "moving") else self.fusion.get(role)
        if found is None or self.scene.GetNodeByID(found.GetID()) is not found:
            name = _NAMES.get(role, f"{role} result")
            raise InputError(f"The {name} of this fusion is not in the scene: load it again or fuse again.")
        self._used[role] = found
        return found

    def has_lost_a_node(self) -> bool:
        """Whether a node that is used here has left the scene."""
        return any(self.scene.GetNodeByID(node.GetID()) is not node for node in self._used.values())

    def leave(self) -> None:
        """Bring the views, the displays and the scene back as they were."""
        for undo in self._unwatch:
            undo()
        self._unwatch = []
        self.memory.restore()

    def set_layers(self, background: str, foreground: str | None = None, opacity: float = 0.0) -> None:
        """Put volumes, by id, into every slice view."""
        for _, layers in slice_views(self.scene):
            self.memory.keep(layers)
            fill_layers(layers, background, foreground, opacity)

    def set_opacity(self, opacity: float) -> None:
        """Set how much of the foreground is seen, 0 to 1, in every slice view."""
        for _, layers in slice_views(self.scene):
            layers.SetForegroundOpacity(opacity)

    def watch(self, subject: vtk.vtkObject, event: Any, callback: Callable[..., None]) -> None:
        """Follow an event until the tool is left."""
        tag = subject.AddObserver(event, callback)
        self._unwatch.append(lambda: subject.RemoveObserver(tag))

    def watch_colors(self, volume: slicer.vtkMRMLScalarVolumeNode, callback: Callable[[], None]) -> None:
        """Be told when a volume is shown in another window or in other colours."""
        display = volume.GetDisplayNode()
        if display is None:
            return
        known = [shown_colors_key(volume)]

        def changed(_display: Any, _event: str) -> None:
            key = shown_colors_key(volume)
            if key != known[0]:
                known[0] = key
                callback()

        self.watch(display, "ModifiedEvent", changed)

    def shown_id(self, which: str) -> str:
        """Return the id of what shows the aligned volume, or the moving one where it was scanned."""
        if which == ALIGNED:
            return str(self.node("aligned").GetID())
        moving, transform = self.node("moving"), self.fusion.get("transform")
        if transform is None or len(parents(moving, transform)) == len(parents(moving)):
            return str(moving.GetID())
        return str(self._unmoved_copy(moving, transform).GetID())

    def sampled(
        self, which: str, grid: Grid, warp: vtk.vtkAbstractTransform | None = None
    ) -> NDArray[np.float32]:
        """Sample the fixed, the aligned or the original moving volume on a picture's grid, of its shape."""
        return sample(
            self.node(which), grid, warp, self.fusion.get("transform") if which == ORIGINAL else None
        )

    def fixed_edges(self, grid: Grid, detail: float) -> NDArray[np.bool_]:
        """The fixed volume's edges, in its window, on a picture's grid: (1, rows, columns)."""
        fixed = self.node("fixed")
        found = edges(to_window(self.sampled("fixed", grid), fixed)[0], detail)[None]
        return found & well_inside(fixed, grid)

    def _unmoved_copy(
        self, moving: slicer.vtkMRMLScalarVolumeNode, transform: slicer.vtkMRMLTransformNode
    ) -> slicer.vtkMRMLScalarVolumeNode:
        """Show the moving volume as if it were not under the fusion's transform; shares the voxels."""
        copy = self.memory.add("vtkMRMLScalarVolumeNode", f"{moving.GetName()} as scanned")
        ijk_to_ras = vtk.vtkMatrix4x4()
        moving.GetIJKToRASMatrix(ijk_to_ras)
        copy.SetIJKToRASMatrix(ijk_to_ras)
        copy.SetAndObserveImageData(moving.GetImageData())
        if moving.GetDisplayNode() is not None:
            display = self.memory.add("vtkMRMLScalarVolumeDisplayNode", f"{copy.GetName()} display")
            display.CopyContent(moving.GetDisplayNode(), False)
            display.SetAndObserveColorNodeID(moving.GetDisplayNode().GetColorNodeID())
            copy.SetAndObserveDisplayNodeID(display.GetID())
        above = parents(moving, transform)
        if above:
            chain = vtk.vtkGeneralTransform()
            for node in above:
                chain.Concatenate(node.GetTransformFromParent())
            holder = self.memory.add("vtkMRMLTransformNode", f"{copy.GetName()} transform")
            holder.SetAndObserveTransformFromParent(chain)
            copy.SetAndObserveTransformNodeID(holder.GetID())
        return copy
