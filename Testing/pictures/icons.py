"""The module's icon and the sample data's thumbnail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from BSAFusionLib.engine.config import FusionConfig
from BSAFusionLib.engine.intensity import to_unit
from BSAFusionLib.engine.phantom import head_pair
from numpy.typing import NDArray
from PySide6 import QtCore, QtGui


def draw_icon(path: Path, size: int = 128) -> None:
    """Two discs, blue and orange, that are white where they meet."""
    image = QtGui.QImage(size, size, QtGui.QImage.Format.Format_ARGB32)
    image.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(image)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    radius = size * 0.32
    discs = []
    for shift, color in ((-0.14, "#2b7bba"), (0.14, "#e8862e")):
        disc = QtGui.QPainterPath()
        disc.addEllipse(QtCore.QPointF(size * (0.5 + shift), size / 2), radius, radius * 1.25)
        painter.fillPath(disc, QtGui.QColor(color))
        discs.append(disc)
    painter.fillPath(discs[0].intersected(discs[1]), QtGui.QColor("#f7f7f7"))
    painter.setPen(QtGui.QPen(QtGui.QColor("#404040"), size / 40))
    for disc in discs:
        painter.drawPath(disc)
    painter.end()
    image.save(str(path))


def draw_thumbnail(path: Path) -> None:
    """The phantom's middle slices, the MR beside the CT."""
    pair = head_pair(256, 30)
    pictures = []
    for volume, modality, k in ((pair.fixed, "mr", 15), (pair.moving, "ct", 17)):
        picture = to_unit(volume, modality, FusionConfig().window)[k]
        pictures.append(_resized(picture, 130, 140))
    sheet = (255 * np.concatenate(pictures, axis=1)).astype(np.uint8)
    height, width = sheet.shape
    QtGui.QImage(sheet.tobytes(), width, height, width, QtGui.QImage.Format.Format_Grayscale8).save(str(path))


def _resized(picture: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Nearest pixels are good enough for a thumbnail of twice the size."""
    rows = np.linspace(0, picture.shape[0] - 1, height).round().astype(int)
    columns = np.linspace(0, picture.shape[1] - 1, width).round().astype(int)
    return picture[np.ix_(rows, columns)]
