import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.command_line.arguments import build_parser, main
from BSAFusionLib.command_line.fuse_command import fusion_request

POINTS = [[10.0, 0, 0], [0, 20, 0], [0, 0, 30], [5, 5, 5]]


def markups(path: Path, points: list[list[float]]) -> str:
    placed = [{"label": f"F-{n}", "position": point} for n, point in enumerate(points)]
    markup = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": placed}
    path.write_text(json.dumps({"markups": [markup]}))
    return str(path)


def asked(*options: str) -> dict[str, Any]:
    config: dict[str, Any] = fusion_request(
        build_parser().parse_args(["fuse", "a", "b", "--out", "d", *options])
    )["config"]
    return config


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["fuse", "a", "b", "--out", "d", *options]) == 2
    return capsys.readouterr().err


def test_landmarks_are_read_in_ras(tmp_path: Path) -> None:
    fixed = markups(tmp_path / "a.mrk.json", POINTS)
    moving = markups(tmp_path / "b.mrk.json", [[x + 1, y, z] for x, y, z in POINTS])
    one, other = asked("--init-landmarks", fixed, moving)["init_landmarks"]
    np.testing.assert_array_equal(one, np.array(POINTS) * [-1, -1, 1])
    np.testing.assert_array_equal(other, np.array(POINTS) * [-1, -1, 1] - [1, 0, 0])


def test_a_transform_is_read_in_ras_whatever_its_kind(tmp_path: Path) -> None:
    turn = sitk.Euler3DTransform((3, 4, 5), 0.1, -0.2, 0.3, (7, 8, 9))
    stretch = sitk.ScaleTransform(3, (1.1, 0.9, 1.0))
    sitk.WriteTransform(sitk.CompositeTransform([turn, stretch]), str(tmp_path / "start.h5"))
    matrix = np.array(asked("--init-transform", str(tmp_path / "start.h5"))["init_transform"])
    expected = turn.TransformPoint(stretch.TransformPoint((11.0, -12.0, 13.0)))
    np.testing.assert_allclose((matrix @ [-11, 12, 13, 1])[:3] * [-1, -1, 1], expected, atol=1e-9)


def test_what_cannot_be_a_start_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    field = sitk.DisplacementFieldTransform(sitk.Image([4, 4, 4], sitk.sitkVectorFloat64))
    sitk.WriteTransform(field, str(tmp_path / "bent.h5"))
    assert "is not linear, it bends the volume" in refusal(
        capsys, "--init-transform", str(tmp_path / "bent.h5")
    )
    flat = sitk.AffineTransform(3)
    flat.SetMatrix((1, 0, 0, 0, 1, 0, 1, 1, 0))
    sitk.WriteTransform(flat, str(tmp_path / "flat.tfm"))
    assert "cannot be inverted" in refusal(capsys, "--init-transform", str(tmp_path / "flat.tfm"))
    assert "does not exist" in refusal(capsys, "--init-transform", str(tmp_path / "none.tfm"))
    four, three = markups(tmp_path / "4.mrk.json", POINTS), markups(tmp_path / "3.mrk.json", POINTS[:3])
    message = refusal(capsys, "--init-landmarks", four, three)
    assert message.startswith("There are 4 fixed and 3 moving landmarks")
    assert message.count("\n") == 1
