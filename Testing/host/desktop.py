"""Start the stand-in desktop once per process, load scripted modules into it, open and close them."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from .pythonqt import QtModule, slot_errors

_stack = ExitStack()


class qSlicerScriptedLoadableModule:
    """What the application keeps of a scripted module; other attributes are refused."""

    __slots__ = (
        "_logic_class",
        "_widget_class",
        "acknowledgementText",
        "associatedNodeTypes",
        "categories",
        "contributors",
        "dependencies",
        "helpText",
        "hidden",
        "icon",
        "index",
        "path",
        "searchTerms",
        "title",
    )

    def __init__(self, path: str) -> None:
        self.path = path

    def logic(self) -> Any:
        return self._logic_class()


def start() -> Any:
    """Boot once: Qt without a screen, a MRML scene with slice views, and what scripted modules import."""
    import slicer

    if hasattr(slicer, "app"):
        return slicer.app
    sys.modules.setdefault("qt", QtModule("qt"))
    from . import ctk as ctk_widgets
    from .mrml import mrml_scene

    sys.modules["ctk"] = _module("ctk", {n: v for n, v in vars(ctk_widgets).items() if n.startswith("ctk")})
    scene = _stack.enter_context(mrml_scene())
    _install_slicer_names(slicer)
    from .application import qSlicerApplication

    slicer.app = qSlicerApplication(_application_logic(scene))
    slicer.app.layoutManager().add_slice_views()
    return slicer.app


def _module(name: str, members: dict[str, Any]) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


def _install_slicer_names(slicer: ModuleType) -> None:
    import qt

    from . import qmrml, qmrml_checkable, sample_data, scripted_module

    for name in ("qMRMLWidget", "qMRMLNodeComboBox"):
        setattr(slicer, name, getattr(qmrml, name))
    slicer.qMRMLCheckableNodeComboBox = qmrml_checkable.qMRMLCheckableNodeComboBox
    slicer.modules = ModuleType("slicer.modules")
    slicer.selfTests = {}
    _publish(slicer, "ScriptedLoadableModule", scripted_module)
    from . import parameter_node
    from .ui_loader import QUiLoader

    qt.QUiLoader = QUiLoader
    _publish(slicer, "parameterNodeWrapper", parameter_node)
    _publish(
        slicer,
        "i18n",
        _module("slicer.i18n", {"tr": lambda text: text, "translate": lambda _context, text: text}),
    )
    sys.modules["SampleData"] = sample_data


def _publish(slicer: ModuleType, name: str, module: ModuleType) -> None:
    sys.modules[f"slicer.{name}"] = module
    setattr(slicer, name, module)


def _application_logic(scene: Any) -> Any:
    import slicer
    import vtk

    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    return logic


def load_module(path: Path) -> Any:
    """Discover a scripted module as the application does at start-up, and return its entry."""
    import slicer

    name = path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    code = importlib.util.module_from_spec(spec)
    sys.modules[name] = code
    spec.loader.exec_module(code)
    entry = qSlicerScriptedLoadableModule(str(path))
    getattr(code, name)(entry)
    entry._widget_class = getattr(code, f"{name}Widget")
    entry._logic_class = getattr(code, f"{name}Logic", None)
    setattr(slicer.modules, name.lower(), entry)
    return entry


@contextmanager
def opened(entry: Any) -> Iterator[Any]:
    """Open a module's panel: constructor, setup, enter; yield its widget; then exit, cleanup and delete."""
    import qt
    import slicer

    from .qmrml import qSlicerScriptedLoadableModuleWidget

    parent = qSlicerScriptedLoadableModuleWidget()
    parent.setLayout(qt.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    widget = entry._widget_class(parent)
    widget.setup()
    _enter(parent, widget, True)
    parent.show()
    try:
        yield widget
    finally:
        _enter(parent, widget, False)
        slicer.app.moduleManager().moduleAboutToBeUnloaded(widget.moduleName)
        parent.deleteLater()
        process_events()


def _enter(parent: Any, widget: Any, entered: bool) -> None:
    parent._entered = entered
    function = getattr(widget, "enter" if entered else "exit", None)
    if function is not None:
        function()


def process_events() -> None:
    """Let Qt deliver what is waiting, deletions included."""
    from PySide6 import QtCore

    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)
    QtCore.QCoreApplication.processEvents()


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Run the event loop until condition holds; raise TimeoutError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {seconds} s")
        process_events()
        time.sleep(0.002)


def clear() -> None:
    """Empty the scene between tests, and fail for exceptions that Qt has swallowed."""
    import slicer

    slicer.mrmlScene.Clear()
    process_events()
    errors = list(slot_errors)
    slot_errors.clear()
    if errors:
        raise errors[0]


def temporary_folder() -> Path:
    return Path(tempfile.gettempdir())
