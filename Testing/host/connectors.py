"""Which widget shows which parameter, by the rules of Slicer's parameter node wrapper."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ctk
import qt
import slicer

from .parameter_types import Choice, Decimals, Maximum, Minimum, SingleStep, WithinRange, first


@dataclass(frozen=True)
class Connector:
    """Reads and writes one widget, and tells of its changes."""

    widget: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]
    signal: str

    def on_changed(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Connect, and return what undoes it."""
        getattr(self.widget, self.signal).connect(callback)
        return lambda: getattr(self.widget, self.signal).disconnect(callback)


def create(widget: Any, kind: type, annotations: tuple[Any, ...]) -> Connector:
    """The connector of exactly this widget class and type; raises RuntimeError where Slicer has none."""
    if kind is bool and type(widget) in (qt.QCheckBox, qt.QPushButton):
        signal = "stateChanged" if type(widget) is qt.QCheckBox else "toggled"
        return _by_property(widget, "checked", signal)
    if kind is int and type(widget) in (qt.QSlider, qt.QSpinBox):
        _set_range(widget, annotations, bounded=type(widget) is qt.QSlider)
        return _by_property(widget, "value", "valueChanged")
    if kind is float and type(widget) in (qt.QDoubleSpinBox, ctk.ctkSliderWidget):
        _set_range(widget, annotations, bounded=type(widget) is ctk.ctkSliderWidget)
        return _by_property(widget, "value", "valueChanged")
    if type(widget) is qt.QComboBox:
        return _combo_box(widget, kind, annotations)
    if kind is str and type(widget) is qt.QLineEdit:
        return _by_property(widget, "text", "textChanged")
    if (
        type(widget) is slicer.qMRMLNodeComboBox
        and isinstance(kind, type)
        and issubclass(kind, slicer.vtkMRMLNode)
    ):
        widget.nodeTypes = [kind.__name__]
        return Connector(widget, widget.currentNode, widget.setCurrentNode, "currentNodeChanged")
    raise RuntimeError(f"no connector from {kind} to {type(widget)}")


def _by_property(widget: Any, name: str, signal: str) -> Connector:
    return Connector(
        widget, lambda: getattr(widget, name), lambda value: setattr(widget, name, value), signal
    )


def _combo_box(widget: Any, kind: type, annotations: tuple[Any, ...]) -> Connector:
    if issubclass(kind, enum.Enum):
        label = getattr(kind, "label", lambda member: member.name)
        values, texts = list(kind), [label(member) for member in kind]
    else:
        choice = first(annotations, Choice)
        if choice is None:
            raise RuntimeError("a combo box needs the Choice annotation")
        values, texts = list(choice.choices), [str(value) for value in choice.choices]
    widget.clear()
    for text in texts:
        widget.addItem(text)

    def write(value: Any) -> None:
        widget.currentIndex = values.index(value)

    return Connector(widget, lambda: values[widget.currentIndex], write, "currentIndexChanged")


def _set_range(widget: Any, annotations: tuple[Any, ...], bounded: bool) -> None:
    decimals, step = first(annotations, Decimals), first(annotations, SingleStep)
    if decimals is not None:
        widget.decimals = decimals.value
    if step is not None:
        widget.singleStep = step.value
    both = first(annotations, WithinRange)
    low, high = first(annotations, Minimum), first(annotations, Maximum)
    minimum = both.minimum if both else low.minimum if low else None
    maximum = both.maximum if both else high.maximum if high else None
    if bounded and (minimum is None or maximum is None):
        raise RuntimeError(f"{type(widget).__name__} needs a bounded number")
    if minimum is not None:
        widget.minimum = minimum
    if maximum is not None:
        widget.maximum = maximum
