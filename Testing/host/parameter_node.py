"""`slicer.parameterNodeWrapper`: typed parameters of a node, bound to widgets by name."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk

from . import connectors
from .parameter_types import (
    Choice,
    Decimals,
    Default,
    Maximum,
    Minimum,
    Parameter,
    SingleStep,
    WithinRange,
    first,
)

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Maximum",
    "Minimum",
    "SingleStep",
    "WithinRange",
    "parameterNodeWrapper",
]


class _Wrapper:
    """What the decorator adds to a class."""

    allParameters: dict[str, Parameter]

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._bindings: dict[int, dict[str, Any]] = {}
        self._undo: dict[int, list[Callable[[], None]]] = {}
        self._updating = False
        for parameter in self.allParameters.values():
            if not parameterNode.HasParameter(parameter.name):
                parameter.write(parameterNode, parameter.default)

    def default(self, name: str) -> Default:
        return Default(self.allParameters[name].default)

    def getValue(self, name: str) -> Any:
        return self.allParameters[name].read(self.parameterNode)

    def setValue(self, name: str, value: Any) -> None:
        with slicer.util.NodeModify(self.parameterNode):
            self.allParameters[name].write(self.parameterNode, value)

    def connectGui(self, gui: Any) -> None:
        """Connect, and return no tag, as Slicer 5.10 does: what is connected so stays connected."""
        widgets = gui.findChildren(qt.QWidget) if hasattr(gui, "findChildren") else vars(gui).values()
        named = {w.property("SlicerParameterName"): w for w in widgets if w.property("SlicerParameterName")}
        self.connectParametersToGui(named)

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        unknown = set(mapping) - set(self.allParameters)
        if unknown:
            raise ValueError(f"there is no parameter {', '.join(sorted(unknown))}")
        tag = len(self._undo)
        bound = {}
        for name, widget in mapping.items():
            parameter = self.allParameters[name]
            bound[name] = connectors.create(widget, parameter.kind, parameter.annotations)
        self._bindings[tag] = bound
        self._undo[tag] = []
        for name, connector in bound.items():
            connector.write(self.getValue(name))
            self._undo[tag].append(connector.on_changed(self._make_callback(name, connector)))
        self.AddObserver(vtk.vtkCommand.ModifiedEvent, self._update_gui)  # Slicer 5.10 never removes it
        return tag

    def disconnectGui(self, tag: int | None) -> None:
        if tag is not None:
            for undo in self._undo.pop(tag, []):
                undo()
            self._bindings.pop(tag, None)

    def _make_callback(self, name: str, connector: Any) -> Callable[[], None]:
        def changed() -> None:
            if not self._updating:
                self.setValue(name, connector.read())

        return changed

    def _update_gui(self, *_arguments: object) -> None:
        if getattr(self, "_updating", True):  # set aside by the collector while the node lived on
            return
        self._updating = True
        try:
            for bound in self._bindings.values():
                for name, connector in bound.items():
                    connector.write(self.getValue(name))
        finally:
            self._updating = False

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, was_modifying: int) -> None:
        self.parameterNode.EndModify(was_modifying)

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()


def parameterNodeWrapper(cls: type) -> type:
    """Class decorator: every annotated name becomes a parameter kept in the wrapped node."""
    parameters = {}
    members: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(cls, include_extras=True).items():
        kind, *annotations = (
            (hint.__origin__, *hint.__metadata__) if hasattr(hint, "__metadata__") else (hint,)
        )
        declared = first(tuple(annotations), Default)
        default = vars(cls).get(name, declared.value if declared else None)
        parameters[name] = Parameter(name, kind, tuple(annotations), default)
        members[name] = property(
            lambda self, n=name: self.getValue(n), lambda self, value, n=name: self.setValue(n, value)
        )
    kept = {
        n: v for n, v in vars(cls).items() if n not in parameters and n not in ("__dict__", "__weakref__")
    }
    return type(cls.__name__, (_Wrapper,), {**kept, **members, "allParameters": parameters})
