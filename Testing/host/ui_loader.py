"""`qt.QUiLoader`: makes each widget of a .ui file of our classes, and refuses what a widget does not have."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import ctk
import qt
import slicer
from PySide6 import QtCore, QtUiTools


def _class(name: str) -> type:
    for module in (slicer, ctk, qt):
        found = getattr(module, name, None)
        if isinstance(found, type):
            return found
    raise RuntimeError(f"the .ui file asks for the widget {name}, which the host does not have")


class QUiLoader(QtUiTools.QUiLoader):
    """Loads a file as Slicer does; raises where desktop Slicer would only print a warning."""

    def load(self, file: QtCore.QIODevice) -> Any:
        text = bytes(file.readAll().data()).decode()
        root = ElementTree.fromstring(text)
        _check_properties(root)
        _check_connections(root)
        # PySide6 knows pointers to other libraries' classes as PyObject.
        buffer = QtCore.QBuffer()
        buffer.setData(text.replace("vtkMRMLScene*", "PyObject").encode())
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        return super().load(buffer)

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        widget = _class(class_name)(parent) if parent is not None else _class(class_name)()
        widget.setObjectName(name)
        return widget

    def createLayout(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        is_widget = parent is not None and parent.isWidgetType()
        layout = getattr(qt, class_name)(parent) if is_widget else getattr(qt, class_name)()
        layout.setObjectName(name)
        return layout


def _check_properties(root: ElementTree.Element) -> None:
    samples: dict[str, Any] = {}
    names = {widget.get("name") for widget in root.iter("widget")}
    for widget in root.iter("widget"):
        class_name = widget.get("class", "")
        sample = samples.setdefault(class_name, _class(class_name)())
        for prop in widget.findall("property"):
            if prop.get("name") == "buddy" and class_name == "QLabel":  # the loader's own, no property
                if prop.findtext("cstring") not in names:
                    raise RuntimeError(f"{widget.get('name')} has no buddy {prop.findtext('cstring')}")
                continue
            known = QtCore.QObject.metaObject(sample).indexOfProperty(prop.get("name", "")) >= 0
            if not known and prop.get("stdset") != "0":
                raise RuntimeError(f"{widget.get('name')}: {class_name} has no property {prop.get('name')}")


def _check_connections(root: ElementTree.Element) -> None:
    classes = {w.get("name"): w.get("class", "") for w in root.iter("widget")}
    for connection in root.iter("connection"):
        for end, member in (("sender", "signal"), ("receiver", "slot")):
            name = connection.findtext(end)
            text = (connection.findtext(member) or "").replace("vtkMRMLScene*", "PyObject")
            sample = _class(classes[name])() if name in classes else None
            if sample is None or QtCore.QObject.metaObject(sample).indexOfMethod(text) < 0:
                raise RuntimeError(f"{name} has no {member} {connection.findtext(member)}")
