"""Points in files: Slicer's markups (.mrk.json), its older lists (.fcsv), and tables (.csv)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

SUFFIXES = (".mrk.json", ".fcsv", ".csv")
Points = NDArray[np.float64]

_LPS = np.array([-1.0, -1.0, 1.0])
_RAS = np.ones(3)
_AXES = {
    ("r", "a", "s"): _RAS,
    ("l", "p", "s"): _LPS,
    ("x", "y", "z"): _LPS,
}  # x, y, z: as ITK and ANTs write
_BENDABLE = ("Fiducial", "Line", "Angle", "Curve", "ClosedCurve")
_FCSV_COLUMNS = ["id", "x", "y", "z", "ow", "ox", "oy", "oz", "vis", "sel", "lock", "label"]


@dataclass(frozen=True, eq=False)
class PointFile:
    """The points of a file, with all else that it holds.

    points: float64, (N, 3), RAS mm. labels: their names, empty where there are none.
    content: the file as it was read, and sign: what turns its coordinates into RAS, one row a point.
    """

    points: Points
    labels: list[str]
    content: Any
    sign: NDArray[np.float64]

    def moved(self, points: Points) -> PointFile:
        """The same file with other points, (N, 3), RAS mm, in the same order."""
        return replace(self, points=points)


def read_points(path: Path) -> PointFile:
    """Read the points of a file; those that are not placed yet are left out.

    A table needs columns r, a, s (RAS mm), or l, p, s or x, y, z (LPS mm, as ITK and ANTs write).
    Raises InputError where the file cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.name.lower().endswith(".json"):
            return _read_json(path, json.loads(text))
        return _read_table(path, text, path.suffix.lower() == ".fcsv")
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}): check the path.") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"'{path}' holds no points that can be read: use .mrk.json or .fcsv of Slicer, or .csv.",
            str(error),
        ) from error


def write_points(file: PointFile, path: Path) -> None:
    """Write points in the format and coordinate system they were read in; raises OSError."""
    positions = np.round(file.points * file.sign, 6).tolist()
    if isinstance(file.content, dict):
        for point, position in zip(_placed(file.content), positions, strict=True):
            point["position"] = position
        for markup in file.content["markups"]:
            markup.pop("measurements", None)  # they belong to the shape as it was
        path.write_text(json.dumps(file.content, indent=2) + "\n", encoding="utf-8")
        return
    comments, rows, columns = file.content
    table = io.StringIO()
    table.writelines(comments)
    for row, position in zip(rows, positions, strict=True):
        for column, value in zip(columns, position, strict=True):
            row[column] = repr(value)
    csv.writer(table, lineterminator="\n").writerows(rows)
    path.write_text(table.getvalue(), encoding="utf-8")


def _read_json(path: Path, content: dict[str, Any]) -> PointFile:
    for markup in content["markups"]:
        if markup["type"] not in _BENDABLE:
            raise InputError(
                f"'{path}' holds a {markup['type']}, which is more than its points: open it in Slicer and "
                "use Apply to."
            )
    placed = _placed(content)
    sign = np.array(
        [
            _RAS if markup.get("coordinateSystem", "LPS") in ("RAS", "0") else _LPS
            for markup in content["markups"]
            for point in markup["controlPoints"]
            if _is_placed(point)
        ]
    ).reshape(-1, 3)
    points = np.array([point["position"] for point in placed], float).reshape(-1, 3) * sign
    return PointFile(points, [point.get("label", "") for point in placed], content, sign)


def _placed(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [p for markup in content["markups"] for p in markup["controlPoints"] if _is_placed(p)]


def _is_placed(point: dict[str, Any]) -> bool:
    return bool(point.get("positionStatus", "defined") == "defined" and "position" in point)


def _read_table(path: Path, text: str, is_fcsv: bool) -> PointFile:
    lines = text.splitlines(keepends=True)
    comments = [line for line in lines if line.startswith("#")]
    rows = list(csv.reader(line for line in lines if line.strip() and not line.startswith("#")))
    if is_fcsv:
        names, sign = _FCSV_COLUMNS, _fcsv_sign(comments)
        columns = [1, 2, 3]
    else:
        names = [name.strip().lower() for name in rows[0]]
        comments.append(next(line for line in lines if line.strip() and not line.startswith("#")))
        rows = rows[1:]
        axes = next((axes for axes in _AXES if set(axes) <= set(names)), None)
        if axes is None:
            raise InputError(f"'{path}' has no columns r, a, s, or l, p, s, or x, y, z: name them so.")
        columns, sign = [names.index(axis) for axis in axes], _AXES[axes]
    points = np.array([[float(row[n]) for n in columns] for row in rows]).reshape(-1, 3) * sign
    named = names.index("label") if "label" in names else None
    labels = ["" if named is None or named >= len(row) else row[named] for row in rows]
    return PointFile(points, labels, (comments, rows, columns), np.broadcast_to(sign, points.shape))


def _fcsv_sign(comments: list[str]) -> NDArray[np.float64]:
    """Slicer writes LPS or 1; older versions RAS or 0, or nothing."""
    said = [line.partition("=")[2].strip() for line in comments if "coordinatesystem" in line.lower()]
    return _LPS if said and said[0] in ("LPS", "1") else _RAS
