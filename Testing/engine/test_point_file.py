import json
from pathlib import Path

import numpy as np
import pytest
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.point_file import read_points, write_points

POINTS = np.array([[1.5, -2.25, 3.0], [40.0, 50.5, -60.125]])  # RAS
SHIFT = np.array([1.0, 2.0, 3.0])
FILES = {
    "lps.fcsv": "# Markups fiducial file version = 5.12\n# CoordinateSystem = LPS\n# columns = id,x,y,z\n"
    '1,-1.5,2.25,3,0,0,0,1,1,1,0,"AC, left",,\n2,-40,-50.5,-60.125,0,0,0,1,1,1,0,PC,,\n',
    "old.fcsv": "# Markups fiducial file version = 4.6\n# CoordinateSystem = 0\n"
    "1,1.5,-2.25,3,0,0,0,1,1,1,0,AC,,\n2,40,50.5,-60.125,0,0,0,1,1,1,0,PC,,\n",
    "ants.csv": "x,y,z,t,label\n-1.5,2.25,3,0,1\n-40,-50.5,-60.125,0,2\n",
    "ras.csv": "name,r,a,s\nAC,1.5,-2.25,3\nPC,40,50.5,-60.125\n",
}


def markups(kind: str = "Fiducial", system: str = "LPS") -> dict[str, object]:
    sign = np.array([-1, -1, 1]) if system == "LPS" else 1
    points = [
        {"id": str(n), "label": f"P-{n}", "position": position, "positionStatus": "defined"}
        for n, position in enumerate((POINTS * sign).tolist())
    ]
    unplaced = {"id": "9", "label": "later", "positionStatus": "undefined"}
    markup = {"type": kind, "coordinateSystem": system, "controlPoints": [*points, unplaced]}
    return {"@schema": "markups", "markups": [{**markup, "measurements": [{"name": "length", "value": 3}]}]}


@pytest.mark.parametrize("name", FILES)
def test_points_are_read_in_ras_and_written_as_they_were(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    file = read_points(tmp_path / name)
    np.testing.assert_allclose(file.points, POINTS)
    write_points(file.moved(POINTS + SHIFT), tmp_path / f"moved_{name}")
    np.testing.assert_allclose(read_points(tmp_path / f"moved_{name}").points, POINTS + SHIFT)
    assert read_points(tmp_path / f"moved_{name}").labels == file.labels
    assert (tmp_path / f"moved_{name}").read_text().splitlines()[0] == FILES[name].splitlines()[0]


@pytest.mark.parametrize("system", ["LPS", "RAS"])
def test_markups_keep_all_but_positions_and_measurements(tmp_path: Path, system: str) -> None:
    (tmp_path / "a.mrk.json").write_text(json.dumps(markups("Curve", system)))
    file = read_points(tmp_path / "a.mrk.json")
    np.testing.assert_allclose(file.points, POINTS)
    assert file.labels == ["P-0", "P-1"]
    write_points(file.moved(POINTS[::-1]), tmp_path / "b.mrk.json")
    np.testing.assert_allclose(read_points(tmp_path / "b.mrk.json").points, POINTS[::-1])
    written = json.loads((tmp_path / "b.mrk.json").read_text())["markups"][0]
    assert "measurements" not in written
    assert written["controlPoints"][2] == {"id": "9", "label": "later", "positionStatus": "undefined"}


def test_what_cannot_be_carried_as_points_is_refused(tmp_path: Path) -> None:
    (tmp_path / "roi.mrk.json").write_text(json.dumps(markups("ROI")))
    (tmp_path / "damaged.mrk.json").write_text("{")
    (tmp_path / "unnamed.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "words.csv").write_text("x,y,z\na,b,c\n")
    for name, words in [
        ("roi.mrk.json", "Apply to"),
        ("damaged.mrk.json", "no points"),
        ("unnamed.csv", "no columns"),
        ("words.csv", "no points"),
        ("missing.csv", "cannot be read"),
    ]:
        with pytest.raises(InputError, match=words):
            read_points(tmp_path / name)
