"""A real MRML scene without Slicer's desktop, from the slicer-core package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..engine.errors import DependencyError

if TYPE_CHECKING:
    import slicer

_SLICE_VIEWS = (
    ("Red", "Axial", (0.952941, 0.290196, 0.2)),
    ("Yellow", "Sagittal", (0.929412, 0.835294, 0.298039)),
    ("Green", "Coronal", (0.431373, 0.690196, 0.294118)),
)


def require_slicer() -> None:
    """Raise DependencyError where Slicer's MRML library cannot be imported."""
    try:
        import slicer  # noqa: F401
        import vtk  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            "A Slicer scene needs the package slicer-core: install it with pip install 'bsafusion[scene]'.",
            details=str(error),
        ) from error


@contextmanager
def standalone_scene(folder: Path | None = None) -> Iterator[slicer.vtkMRMLScene]:
    """Yield an empty vtkMRMLScene with colours, file formats and the views Red, Yellow and Green.

    The scene can read and write .mrb. On leaving it is cleared, and its temporary files, which lie in folder
    or where the system keeps such files, are removed.
    Raises DependencyError where slicer-core is not installed.
    """
    require_slicer()
    with TemporaryDirectory(prefix="bsafusion-scene-", dir=folder) as cache:
        scene, logics = _boot(cache)
        try:
            yield scene
        finally:
            scene.Clear(True)
            for logic in logics:
                logic.SetMRMLScene(None)


def _boot(cache: str) -> tuple[slicer.vtkMRMLScene, list[slicer.vtkMRMLAbstractLogic]]:
    """Return the scene and the logics that must live as long as it does."""
    import slicer
    import vtk

    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    colors = application.GetColorLogic()
    colors.SetMRMLScene(scene)
    colors.AddDefaultColorNodes()
    application.SetModuleLogic("Colors", colors)
    files = slicer.vtkMRMLRemoteIOLogic()
    files.SetMRMLScene(scene)
    files.GetCacheManager().SetRemoteCacheDirectory(cache)  # without one, .mrb files cannot be read
    files.AddDataIOToScene()
    _register_segmentations()
    scene.GetSubjectHierarchyNode()  # made when first asked for
    _add_slice_views(scene)
    return scene, [files, colors, application]


def _register_segmentations() -> None:
    """Tell what a segmentation can be made of, once a process; without it, none can hold a label map."""
    import slicer

    factory = slicer.vtkSegmentationConverterFactory.GetInstance()
    rules = (
        slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule,
        slicer.vtkClosedSurfaceToBinaryLabelmapConversionRule,
    )
    if not factory.GetConverterRules():
        for rule in rules:
            factory.RegisterConverterRule(rule())


def _add_slice_views(scene: slicer.vtkMRMLScene) -> None:
    """Add the desktop's three slice views, in its colours; a saved scene brings them along."""
    import slicer

    from .vtk_bridge import create_view_node

    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    for name, orientation, color in _SLICE_VIEWS:
        view = create_view_node(scene, "vtkMRMLSliceNode", name)
        view.SetOrientation(orientation)
        view.SetLayoutLabel(name[0])
        view.SetLayoutColor(*color)
        scene.AddNode(view)
        scene.AddNode(create_view_node(scene, "vtkMRMLSliceCompositeNode", name))
