"""`slicer.app`, its layout manager and its modules: the part of the application that scripted modules use."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import qt
import slicer
from PySide6 import QtCore


class SliceWidget:
    """A slice view: its node and its logic, without a picture."""

    def __init__(self, logic: Any) -> None:
        self._logic = logic

    def sliceLogic(self) -> Any:
        return self._logic

    def mrmlSliceNode(self) -> Any:
        return self._logic.GetSliceNode()


class LayoutManager:
    """The views of the main window."""

    threeDViewCount = 0

    def __init__(self) -> None:
        self._logics: dict[str, Any] = {}

    def add_slice_views(self) -> None:
        """Give each slice node of the scene a logic, as the desktop's slice widgets do."""
        slicer.app.applicationLogic().GetSliceLogics().RemoveAllItems()
        self._logics = {}
        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
            logic.SetMRMLScene(slicer.mrmlScene)
            logic.SetSliceNode(node)
            slicer.app.applicationLogic().GetSliceLogics().AddItem(logic)
            self._logics[node.GetLayoutName()] = logic

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(self._logics)

    def sliceWidget(self, name: str) -> SliceWidget | None:
        return SliceWidget(self._logics[name]) if name in self._logics else None

    def resetSliceViews(self) -> None:
        for logic in self._logics.values():
            logic.FitSliceToAll()

    def resetThreeDViews(self) -> None:
        pass


class CommandOptions:
    testingEnabled = True


class ModuleManager(qt.QObject):
    stand_in = True
    moduleAboutToBeUnloaded = QtCore.Signal(str)


class qSlicerApplication(qt.QApplication):
    """The application object; its main window is not there, as in Slicer's own automated tests."""

    stand_in = True
    startupCompleted = QtCore.Signal()
    lastWindowClosed = QtCore.Signal()

    def __init__(self, application_logic: Any) -> None:
        super().__init__(["Slicer"])
        self.setApplicationName("Slicer")
        self._application_logic = application_logic
        self._layout_manager = LayoutManager()
        self._module_manager = ModuleManager()
        self._temporary = tempfile.TemporaryDirectory(prefix="bsafusion-host-")
        self._settings = qt.QSettings(str(Path(self._temporary.name) / "Slicer.ini"), qt.QSettings.IniFormat)

    def applicationLogic(self) -> Any:
        return self._application_logic

    def layoutManager(self) -> LayoutManager:
        return self._layout_manager

    def moduleManager(self) -> ModuleManager:
        return self._module_manager

    def mrmlScene(self) -> Any:
        return slicer.mrmlScene

    def commandOptions(self) -> CommandOptions:
        return CommandOptions()

    def testingEnabled(self) -> bool:
        return True

    def settings(self) -> Any:
        return self._settings

    def userSettings(self) -> Any:
        return self._settings

    def startupEnvironment(self) -> Any:
        return qt.QProcessEnvironment.systemEnvironment()

    def pauseRender(self) -> None:
        pass

    def resumeRender(self) -> None:
        pass

    temporaryPath = QtCore.Property(str, lambda self: self._temporary.name)
    slicerHome = QtCore.Property(str, lambda _self: os.fspath(Path(tempfile.gettempdir()) / "no-slicer-here"))
