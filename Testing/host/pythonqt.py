"""PySide6 with PythonQt's manners, so that code written for Slicer runs unchanged and its slips show.

Properties are attributes, `name` is the object name, enumerations are ints, child objects and dynamic
properties are attributes, signals connect by signature. What PythonQt would not know raises, where plain
PySide6 would make a Python attribute of it or say nothing.
"""

from __future__ import annotations

import ctypes
import enum
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

slot_errors: list[BaseException] = []
"""Exceptions that a connected function has raised; PythonQt prints them, a test must see none."""

_QT_MODULES = (QtCore, QtGui, QtWidgets, QtUiTools)
_ObjectType = type(QtCore.QObject)
_VTK_POINTER = re.compile(r"vtk\w+\s*\*")


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _accepted_arguments(function: Callable[..., Any]) -> float:
    """How many positional arguments a function takes; PythonQt drops the surplus of a signal."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return float("inf")
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return float("inf")
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _receiver(function: Callable[..., Any], count: int) -> Callable[..., None]:
    accepted = _accepted_arguments(function)

    def call(*arguments: Any) -> None:
        try:
            function(*arguments[: int(min(accepted, len(arguments)))])
        except Exception as error:
            slot_errors.append(error)
            traceback.print_exc(file=sys.stderr)

    # Qt picks an overload by the number of parameters, so each is spelt out.
    return {
        0: lambda: call(),
        1: lambda a: call(_plain(a)),
        2: lambda a, b: call(_plain(a), _plain(b)),
        3: lambda a, b, c: call(_plain(a), _plain(b), _plain(c)),
    }[count]


class SignalFunction:
    """A signal as PythonQt shows it: `button.clicked.connect(f)`; calling it emits."""

    def __init__(self, owner: Any, name: str, types: tuple[str, ...] | None = None) -> None:
        self._owner = owner
        overloads = _signals(owner)[name]
        self._types = max(overloads, key=len) if types is None else types
        self._name = name
        bound = QtCore.QObject.__getattribute__(owner, name)
        self._bound = bound[_overload_key(self._types)] if len(overloads) > 1 else bound

    def connect(self, function: Callable[..., Any]) -> bool:
        receiver = _receiver(function, len(self._types))
        self._owner._connections.append((self._name, self._types, function, receiver))
        self._bound.connect(receiver)
        return True

    def disconnect(self, function: Callable[..., Any]) -> bool:
        for entry in self._owner._connections:
            if entry[:3] == (self._name, self._types, function):
                self._bound.disconnect(entry[3])
                self._owner._connections.remove(entry)
                return True
        return False

    def __call__(self, *arguments: Any) -> None:
        self._bound.emit(*arguments)


def _overload_key(types: tuple[str, ...]) -> Any:
    known = {"bool": bool, "int": int, "double": float, "QString": str, "PyObject": object}
    key = tuple(known.get(t) or getattr(QtCore, t, t) for t in types)
    return key[0] if len(key) == 1 else key


_known_signals: dict[type, dict[str, list[tuple[str, ...]]]] = {}


def _signals(owner: QtCore.QObject) -> dict[str, list[tuple[str, ...]]]:
    """Parameter types of each overload of each signal; the same for all objects of a class."""
    if type(owner) not in _known_signals:
        _known_signals[type(owner)] = _find_signals(QtCore.QObject.metaObject(owner))
    return _known_signals[type(owner)]


def _find_signals(meta: QtCore.QMetaObject) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for index in range(meta.methodCount()):
        method = meta.method(index)
        if method.methodType() == QtCore.QMetaMethod.MethodType.Signal:
            types = tuple(bytes(t.data()).decode() for t in method.parameterTypes())
            found.setdefault(bytes(method.name().data()).decode(), []).append(types)
    return found


def _split_signature(owner: QtCore.QObject, signature: str) -> SignalFunction:
    text = bytes(
        QtCore.QMetaObject.normalizedSignature(_VTK_POINTER.sub("PyObject", signature)).data()
    ).decode()
    name, _, inside = text.rstrip(")").partition("(")
    types = tuple(t for t in inside.split(",") if t)
    if types not in _signals(owner).get(name, []):
        class_name = QtCore.QObject.metaObject(owner).className()
        raise ValueError(f"{class_name} has no signal {signature}")
    return SignalFunction(owner, name, types)


class PythonQtObject:
    """Mixed into every QObject class of the `qt` module; holds PythonQt's attribute rules."""

    def __init__(self, *arguments: Any) -> None:
        self.__dict__["_connections"] = []
        super().__init__(*arguments)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        if name == "name":
            return QtCore.QObject.objectName(self)
        if _is_own_python_attribute(self, name):
            return object.__getattribute__(self, name)
        meta = QtCore.QObject.metaObject(self)
        if meta.indexOfProperty(name) >= 0:
            return _plain(QtCore.QObject.property(self, name))
        if name in _signals(self):
            return SignalFunction(self, name)
        if name in vars(PythonQtObject):
            return object.__getattribute__(self, name)
        try:
            return super().__getattribute__(
                name
            )  # Shiboken's own: it tells static from bound methods of one name
        except AttributeError:
            return _child_or_dynamic(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "name":
            QtCore.QObject.setObjectName(self, value)
            return
        if _is_property(self, name):
            if not _set_property(self, name, value):
                raise AttributeError(f"{type(self).__name__}.{name} does not accept {value!r}")
            return
        if isinstance(value, QtCore.QObject) and QtCore.QObject.objectName(value) == name:
            return  # PySide6's QUiLoader does this for every child; a child is an attribute anyway
        if not (_is_python_subclass(type(self)) or (name.startswith("_") and _is_stand_in(type(self)))):
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        self.__dict__[name] = value

    def connect(self, signature: str, function: Callable[..., Any]) -> bool:
        return _split_signature(self, signature).connect(function)

    def disconnect(self, signature: str, function: Callable[..., Any]) -> bool:
        return _split_signature(self, signature).disconnect(function)

    def className(self) -> str:
        return type(self).__name__

    def delete(self) -> None:
        QtCore.QObject.deleteLater(self)

    def findChildren(self, kind: type, name: str = "") -> list[Any]:
        return QtCore.QObject.findChildren(self, getattr(kind, "qt_class", kind), name)

    def findChild(self, kind: type, name: str = "") -> Any:
        return QtCore.QObject.findChild(self, getattr(kind, "qt_class", kind), name)


def _is_own_python_attribute(instance: Any, name: str) -> bool:
    """Defined in Python by a subclass, as a method of a stand-in or of the code under test."""
    for cls in type(instance).__mro__:
        if cls is PythonQtObject or "qt_class" in vars(cls):
            return False
        if name in vars(cls):
            return type(vars(cls)[name]) not in (QtCore.Property, QtCore.Signal)
    return False


def _is_property(instance: Any, name: str) -> bool:
    meta = QtCore.QObject.metaObject(instance)
    return meta.indexOfProperty(name) >= 0 or name.encode() in QtCore.QObject.dynamicPropertyNames(instance)


def _set_property(instance: Any, name: str, value: Any) -> bool:
    meta = QtCore.QObject.metaObject(instance)
    index = meta.indexOfProperty(name)
    if index >= 0 and not meta.property(index).isWritable():
        return False
    if index >= 0 and meta.property(index).typeName() == "bool" and not isinstance(value, (bool, int)):
        return False
    # setProperty answers False for a dynamic property although it has been set.
    return bool(QtCore.QObject.setProperty(instance, name, value)) or index < 0


def _child_or_dynamic(instance: Any, name: str) -> Any:
    if name.encode() in QtCore.QObject.dynamicPropertyNames(instance):
        return QtCore.QObject.property(instance, name)
    for child in QtCore.QObject.children(instance):
        if QtCore.QObject.objectName(child) == name:
            return child
    raise AttributeError(f"{type(instance).__name__} has no attribute {name}")


def _is_python_subclass(cls: type) -> bool:
    return "qt_class" not in vars(cls) and not _is_stand_in(cls)


def _is_stand_in(cls: type) -> bool:
    return "stand_in" in vars(cls)


class _GeneratedType(_ObjectType):
    """So that isinstance(a QCheckBox, qt.QWidget) holds although both are generated on their own."""

    def __instancecheck__(cls, instance: object) -> bool:
        return (
            isinstance(instance, vars(cls)["qt_class"])
            if "qt_class" in vars(cls)
            else super().__instancecheck__(instance)
        )


def _generate(base: type) -> type:
    return _GeneratedType(base.__name__, (PythonQtObject, base), {"qt_class": base})


class QtModule(ModuleType):
    """The `qt` module: the classes of Qt's core, GUI, widgets and UI tools, made when asked for."""

    def __getattr__(self, name: str) -> Any:
        for source in _QT_MODULES:
            value = getattr(source, name, None) if name.startswith("Q") else None
            if isinstance(value, type):
                generated = _generate(value) if issubclass(value, QtCore.QObject) else value
                setattr(self, name, generated)
                return generated
        raise AttributeError(f"qt has no attribute {name}")


def _make_constants_immortal() -> None:
    """PySide6 6.12 does not count None, True and False, as Python 3.12 allows and 3.11 does not."""
    for constant in (None, True, False):
        ctypes.c_ssize_t.from_address(id(constant)).value += 1 << 40


if sys.version_info < (3, 12):
    _make_constants_immortal()
sys.modules.setdefault("qt", QtModule("qt"))
