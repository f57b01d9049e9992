"""Settings and the widgets that show them, kept equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import vtk


class SettingsLink:
    """Binds the widgets of a .ui file to one parameter node after another.

    ui: the widgets by name; those that have the property SlicerParameterName are bound. on_modified: called
    after every change.
    """

    def __init__(self, ui: Any, on_modified: Callable[[], None]) -> None:
        widgets = {widget.property("SlicerParameterName"): widget for widget in vars(ui).values()}
        self._widgets = {name: widget for name, widget in widgets.items() if name}
        self._on_modified = on_modified
        self._parameters: Any = None
        self._tags = (0, 0)

    def bind(self, parameters: Any) -> None:
        """Bind to another node, or to none; seldom, because Slicer 5.10 never quite lets the old one go.

        There, connectGui gives no tag to disconnect by, and one observer stays behind in any case.
        """
        if parameters is self._parameters:
            return
        if self._parameters is not None:
            self._parameters.disconnectGui(self._tags[0])
            self._parameters.RemoveObserver(self._tags[1])
        self._parameters = parameters
        if parameters is not None:
            gui = parameters.connectParametersToGui(self._widgets)
            self._tags = (gui, parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, self._modified))

    def _modified(self, _node: Any, _event: str) -> None:
        self._on_modified()
