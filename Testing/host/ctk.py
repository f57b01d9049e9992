"""Stand-ins for the CTK widgets in use; none offers more than the real one."""

from __future__ import annotations

from typing import Any

import qt
from PySide6 import QtCore, QtGui, QtWidgets


class ctkCollapsibleButton(qt.QAbstractButton):
    """A header that hides or shows the widgets below it."""

    stand_in = True
    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._hidden: list[QtWidgets.QWidget] = []
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, self._header_height() + 2, 0, 0)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Preferred)
        self.toggled.connect(self._toggle)

    def _header_height(self) -> int:
        return QtGui.QFontMetrics(QtWidgets.QWidget.font(self)).height() + 8

    def _toggle(self, opened: bool) -> None:
        children = [c for c in QtCore.QObject.children(self) if isinstance(c, QtWidgets.QWidget)]
        if opened:
            for child in self._hidden:
                QtWidgets.QWidget.show(child)
            self._hidden = []
        else:
            self._hidden = [c for c in children if not QtWidgets.QWidget.isHidden(c)]
            for child in self._hidden:
                QtWidgets.QWidget.hide(child)
        self.setMaximumHeight(16777215 if opened else self._header_height())
        self.contentsCollapsed(not opened)

    def _get_collapsed(self) -> bool:
        return not QtWidgets.QAbstractButton.isChecked(self)

    def _set_collapsed(self, value: bool) -> None:
        QtWidgets.QAbstractButton.setChecked(self, not value)

    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)

    def hitButton(self, position: QtCore.QPoint) -> bool:
        return position.y() < self._header_height()

    def minimumSizeHint(self) -> QtCore.QSize:
        layout = QtWidgets.QWidget.layout(self)
        if layout is None or self._get_collapsed():
            return QtCore.QSize(60, self._header_height())
        return QtWidgets.QLayout.totalMinimumSize(layout)

    def sizeHint(self) -> QtCore.QSize:
        layout = QtWidgets.QWidget.layout(self)
        if layout is None or self._get_collapsed():
            return QtCore.QSize(200, self._header_height())
        return QtWidgets.QLayout.totalSizeHint(layout)

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        palette = QtWidgets.QWidget.palette(self)
        header = QtCore.QRect(0, 0, QtWidgets.QWidget.width(self), self._header_height())
        painter.fillRect(header, palette.button().color().darker(106))
        middle = header.center().y()
        shape = [(7, middle - 4), (15, middle - 4), (11, middle + 3)]
        if self._get_collapsed():
            shape = [(8, middle - 4), (8, middle + 4), (15, middle)]
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(palette.buttonText())
        painter.drawPolygon([QtCore.QPointF(x, y) for x, y in shape])
        painter.setPen(palette.buttonText().color())
        painter.drawText(header.adjusted(22, 0, 0, 0), QtCore.Qt.AlignmentFlag.AlignVCenter, self.text)


class ctkPathLineEdit(qt.QWidget):
    """A line for the name of a file or folder, with a button to browse."""

    stand_in = True
    currentPathChanged = QtCore.Signal(str)
    Dirs, Files = 1, 2

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._filters = 0
        self._line, browse = QtWidgets.QLineEdit(), QtWidgets.QToolButton()
        browse.setText("...")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(browse)
        self._line.textChanged.connect(lambda text: self.currentPathChanged(text))

    def _set_filters(self, value: int) -> None:
        self._filters = value

    @QtCore.Slot(str)
    def setCurrentPath(self, path: str) -> None:
        self._line.setText(path)

    currentPath = QtCore.Property(str, lambda self: self._line.text(), setCurrentPath)
    filters = QtCore.Property(int, lambda self: self._filters, _set_filters)


class ctkSliderWidget(qt.QWidget):
    """A slider and a spin box that show one number."""

    stand_in = True
    valueChanged = QtCore.Signal(float)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spin = QtWidgets.QDoubleSpinBox()
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._spin)
        self._slider.valueChanged.connect(self._slider_moved)
        self._spin.valueChanged.connect(self._spin_changed)
        self._rescale()

    def _rescale(self) -> None:
        self._slider.blockSignals(True)
        steps = (self._spin.maximum() - self._spin.minimum()) / self._spin.singleStep()
        self._slider.setRange(0, round(steps))
        self._slider.setValue(round((self._spin.value() - self._spin.minimum()) / self._spin.singleStep()))
        self._slider.blockSignals(False)

    def _slider_moved(self, position: int) -> None:
        self._spin.setValue(self._spin.minimum() + position * self._spin.singleStep())

    def _spin_changed(self, value: float) -> None:
        self._rescale()
        self.valueChanged(value)

    def _set_minimum(self, value: float) -> None:
        self._spin.setMinimum(value)
        self._rescale()

    def _set_maximum(self, value: float) -> None:
        self._spin.setMaximum(value)
        self._rescale()

    def _set_single_step(self, value: float) -> None:
        self._spin.setSingleStep(value)
        self._rescale()

    @QtCore.Slot(float)
    def setValue(self, value: float) -> None:
        self._spin.setValue(value)

    decimals = QtCore.Property(
        int, lambda self: self._spin.decimals(), lambda self, v: self._spin.setDecimals(v)
    )
    singleStep = QtCore.Property(float, lambda self: self._spin.singleStep(), _set_single_step)
    minimum = QtCore.Property(float, lambda self: self._spin.minimum(), _set_minimum)
    maximum = QtCore.Property(float, lambda self: self._spin.maximum(), _set_maximum)
    value = QtCore.Property(float, lambda self: self._spin.value(), setValue)
    suffix = QtCore.Property(str, lambda self: self._spin.suffix(), lambda self, v: self._spin.setSuffix(v))
