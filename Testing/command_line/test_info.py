import hashlib
import json
from pathlib import Path

import pytest
from BSAFusionLib import __version__
from BSAFusionLib.command_line.arguments import main


def test_machines_are_told_versions_model_and_devices(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(models))
    assert main(["info", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["versions"]["bsafusion"] == __version__
    assert info["model"]["sha256"] == hashlib.sha256((models / "shift.pt").read_bytes()).hexdigest()
    assert "cpu" in info["devices"]


def test_people_read_one_thing_a_line(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(models))
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"bsafusion      {__version__}" in lines
    assert "model id       shift" in lines


def test_a_missing_model_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    assert main(["info"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
