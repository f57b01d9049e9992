"""Landmarks and segmentations on the command line, and the results that come only on request."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.command_line.arguments import main

from Testing.command_line.conftest import PhantomFiles
from Testing.command_line.test_bad_input import refused

LPS = np.array([-1, -1, 1])


def write_fcsv(path: Path, points: np.ndarray) -> Path:
    rows = [f"n{n},{x},{y},{z},0,0,0,1,1,1,0,P{n},," for n, (x, y, z) in enumerate(points.tolist())]
    path.write_text("# CoordinateSystem = RAS\n" + "\n".join(rows) + "\n")
    return path


def write_csv(path: Path, points: np.ndarray) -> Path:
    rows = [",".join(str(n) for n in point) for point in (points * LPS).tolist()]
    path.write_text("x,y,z\n" + "\n".join(rows) + "\n")
    return path


def write_labels(path: Path, volume: Path, threshold: float) -> Path:
    sitk.WriteImage(sitk.ReadImage(str(volume)) > threshold, str(path), True)
    return path


def test_errors_dice_and_the_way_back_are_reported_and_written(
    phantom: PhantomFiles, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(models))
    points = phantom.pair.landmarks()
    fixed = write_fcsv(tmp_path / "fixed.fcsv", points)
    moving = write_csv(tmp_path / "moving.csv", phantom.pair.true_moving_points(points))
    heads = [
        write_labels(tmp_path / f"{name}.nrrd", volume, threshold)
        for name, volume, threshold in (("mr", phantom.fixed, 60), ("ct", phantom.moving, -500))
    ]
    options = [
        "--landmarks",
        fixed,
        moving,
        "--segmentations",
        *heads,
        "--inverse",
        "--out",
        tmp_path / "out",
    ]
    command = ["fuse", phantom.fixed, phantom.moving, "--device", "cpu", *options]
    assert main([str(word) for word in command]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    before = np.linalg.norm(points - phantom.pair.true_moving_points(points), axis=1)
    errors = report["landmarks"]["error_mm"]
    np.testing.assert_allclose(errors["before"]["each"], before, atol=1e-3)
    assert errors["after"]["mean"] < errors["before"]["mean"]
    dice = report["segmentations"]["labels"]["1"]
    assert dice["before"]["dice"] < dice["after"]["dice"] <= 1
    there, back = (
        sitk.ReadTransform(str(tmp_path / "out" / name)) for name in ("transform.h5", "inverse_transform.h5")
    )
    for point in (points * LPS).tolist():
        returned = np.array(back.TransformPoint(there.TransformPoint(point)))
        assert np.linalg.norm(returned - point) < report["inverse"]["wanted_mm"] == 0.1


def test_landmarks_without_partner_are_refused(
    phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    points = phantom.pair.landmarks()
    files = [write_csv(tmp_path / "a.csv", points), write_csv(tmp_path / "b.csv", points[1:])]
    words = ["--landmarks", *(str(file) for file in files)]
    told = refused(phantom.fixed, phantom.moving, tmp_path, capfd, *words)
    assert f"{len(points)} fixed and {len(points) - 1} moving landmarks" in told


def test_a_segmentation_of_another_grid_or_an_empty_one_is_refused(
    phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mr = str(write_labels(tmp_path / "mr.nrrd", phantom.fixed, 60))
    ct = str(write_labels(tmp_path / "ct.nrrd", phantom.moving, -500))
    empty = str(write_labels(tmp_path / "empty.nrrd", phantom.moving, 1e6))
    sitk.WriteImage(sitk.ReadImage(ct)[1:], str(tmp_path / "cropped.nrrd"))
    for other, reason in (
        (str(tmp_path / "cropped.nrrd"), "reference geometry"),
        (empty, "is empty"),
        (str(tmp_path / "missing.nrrd"), "is not a file"),
    ):
        told = refused(phantom.fixed, phantom.moving, tmp_path, capfd, "--segmentations", mr, other)
        assert reason in told
