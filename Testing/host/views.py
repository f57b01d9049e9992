"""Pictures of Slicer's views without a screen, drawn by the displayable managers that the desktop uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import platform
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy

if platform == "linux" and not os.environ.get("DISPLAY"):  # else VTK tries X first, and warns
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

SLICE_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
)
_MARKUPS = "vtkMRMLMarkupsDisplayableManager"
VIEW_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLTransformsDisplayableManager3D",
)

_logics: dict[str, Any] = {}


def render_slice_view(
    scene: slicer.vtkMRMLScene, name: str, size: tuple[int, int] = (512, 512)
) -> NDArray[np.uint8]:
    """Draw the view Red, Yellow or Green, size (columns, rows), as RGB (rows, columns, 3), top row first."""
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    _resize(node, size)
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceNode(node)
    renderer = vtk.vtkRenderer()
    renderer.AddViewProp(_image(logic))
    has_markups = scene.GetNumberOfNodesByClass("vtkMRMLMarkupsNode") > 0
    managers = (*SLICE_MANAGERS, _MARKUPS) if has_markups else SLICE_MANAGERS
    with _managers(managers, renderer, node, size):
        picture = _picture(renderer.GetRenderWindow())
    logic.SetMRMLScene(None)
    return picture


def render_3d_view(scene: slicer.vtkMRMLScene, size: tuple[int, int] = (512, 512)) -> NDArray[np.uint8]:
    """Draw the 3-D view, made where the scene has none, with the camera on all that is visible; as above."""
    node = scene.GetFirstNodeByClass("vtkMRMLViewNode") or scene.AddNewNodeByClass("vtkMRMLViewNode", "View1")
    renderer = vtk.vtkRenderer()
    with _managers(VIEW_MANAGERS, renderer, node, size):
        renderer.GetActiveCamera().Azimuth(35)  # from the front and aside: depth shows
        renderer.GetActiveCamera().Elevation(20)
        renderer.ResetCamera()
        return _picture(renderer.GetRenderWindow())


def write_png(picture: NDArray[np.uint8], path: Path) -> None:
    """Write an RGB picture, (rows, columns, 3), top row first."""
    rows, columns, _ = picture.shape
    image = vtk.vtkImageData()
    image.SetDimensions(columns, rows, 1)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = picture[::-1].reshape(-1, 3)
    writer = vtk.vtkPNGWriter()
    writer.SetInputData(image)
    writer.SetFileName(str(path))
    writer.Write()


def _markups_logic(scene: slicer.vtkMRMLScene) -> slicer.vtkSlicerMarkupsLogic:
    """The logic that knows how each kind of markup is drawn; one a scene, as in the application."""
    if _logics.get("scene") is not scene:
        logic = slicer.vtkSlicerMarkupsLogic()
        logic.SetMRMLScene(scene)
        _logics.update(scene=scene, logic=logic)
    return _logics["logic"]


def _resize(node: slicer.vtkMRMLSliceNode, size: tuple[int, int]) -> None:
    """Give a view another size as the desktop does: what was shown across stays, pixels stay square."""
    width, height, depth = node.GetFieldOfView()
    mm_per_pixel = max(width / size[0], height / size[1])
    node.SetDimensions(*size, 1)
    node.SetFieldOfView(size[0] * mm_per_pixel, size[1] * mm_per_pixel, depth)
    node.UpdateMatrices()


def _image(logic: slicer.vtkMRMLSliceLogic) -> vtk.vtkActor2D:
    """The blended layers of a slice view, pixel by pixel."""
    mapper = vtk.vtkImageMapper()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    logic.UpdatePipeline()
    mapper.SetInputConnection(logic.GetImageDataConnection())
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    return actor


@contextmanager
def _managers(
    names: tuple[str, ...],
    renderer: vtk.vtkRenderer,
    view: slicer.vtkMRMLAbstractViewNode,
    size: tuple[int, int],
) -> Iterator[None]:
    """Let displayable managers draw a view into an off-screen window, and take them away again."""
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(*size)
    window.AddRenderer(renderer)
    interactor = vtk.vtkRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    application = slicer.vtkSlicerApplicationLogic()
    if _MARKUPS in names:
        application.SetModuleLogic("Markups", _markups_logic(view.GetScene()))
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.SetRenderer(renderer)
    for name in names:
        manager = getattr(slicer, name)()
        manager.SetMRMLApplicationLogic(application)
        group.AddDisplayableManager(manager)
    group.SetMRMLDisplayableNode(view)
    yield
    group.SetMRMLDisplayableNode(None)
    window.Finalize()


def _picture(window: vtk.vtkRenderWindow) -> NDArray[np.uint8]:
    window.Render()
    grabber = vtk.vtkWindowToImageFilter()
    grabber.SetInput(window)
    grabber.ReadFrontBufferOff()
    grabber.Update()
    image = grabber.GetOutput()
    columns, rows, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, 3)
    return np.ascontiguousarray(pixels[::-1])
