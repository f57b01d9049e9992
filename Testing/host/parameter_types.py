"""Annotations of a parameter, and how its value is kept as text in a node."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import slicer


@dataclass(frozen=True)
class Default:
    value: Any


@dataclass(frozen=True)
class Decimals:
    value: int


@dataclass(frozen=True)
class SingleStep:
    value: float


class Choice:
    def __init__(self, choices: list[Any]) -> None:
        self.choices = choices

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is not one of {self.choices}")


class WithinRange:
    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value: float) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} and {self.maximum}")


class Minimum:
    def __init__(self, minimum: float) -> None:
        self.minimum = minimum

    def validate(self, value: float) -> None:
        if value < self.minimum:
            raise ValueError(f"{value} is below {self.minimum}")


class Maximum:
    def __init__(self, maximum: float) -> None:
        self.maximum = maximum

    def validate(self, value: float) -> None:
        if value > self.maximum:
            raise ValueError(f"{value} is above {self.maximum}")


def first(annotations: tuple[Any, ...], kind: type) -> Any:
    """The first annotation of this kind, or None."""
    return next((a for a in annotations if isinstance(a, kind)), None)


class Parameter:
    """One typed value in a vtkMRMLScriptedModuleNode."""

    def __init__(self, name: str, kind: type, annotations: tuple[Any, ...], default: Any) -> None:
        if not issubclass(kind, (bool, int, float, str, enum.Enum, slicer.vtkMRMLNode)):
            raise TypeError(f"parameter {name} has a type that cannot be kept: {kind}")
        self.name, self.kind, self.annotations = name, kind, annotations
        self._default = default

    @property
    def is_node(self) -> bool:
        return issubclass(self.kind, slicer.vtkMRMLNode)

    @property
    def default(self) -> Any:
        if self._default is not None or self.is_node:
            return self._default
        return next(iter(self.kind)) if issubclass(self.kind, enum.Enum) else self.kind()

    def check(self, value: Any) -> None:
        allowed = (int, float) if self.kind is float else self.kind
        if not isinstance(value, allowed) and not (self.is_node and value is None):
            raise TypeError(f"{self.name} takes {self.kind.__name__}, not {value!r}")
        for annotation in self.annotations:
            if hasattr(annotation, "validate"):
                annotation.validate(value)

    def write(self, node: Any, value: Any) -> None:
        self.check(value)
        if self.is_node:
            node.SetParameter(self.name, "")
            node.SetNodeReferenceID(self.name, None if value is None else value.GetID())
        else:
            node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))

    def read(self, node: Any) -> Any:
        if self.is_node:
            return node.GetNodeReference(self.name)
        if not node.HasParameter(self.name):
            self.write(node, self.default)
        text = node.GetParameter(self.name)
        if self.kind is bool:
            return text == "True"
        return self.kind[text] if issubclass(self.kind, enum.Enum) else self.kind(text)
