"""The commands and scripts of README and tutorial, as printed, on a tiny patient."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import SimpleITK as sitk
from bsafusion_demo.reference import FILE, reference
from BSAFusionLib.command_line.arguments import main
from BSAFusionLib.engine.dicom_export import ExportedResults, export_dicom
from BSAFusionLib.engine.phantom import head_pair
from BSAFusionLib.engine.sitk_bridge import to_sitk

ROOT = Path(__file__).parents[2]
PROGRAM = ".venv/bin/bsafusion"
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")


def blocks(document: str, language: str = "") -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


def commands(document: str) -> Iterator[list[str]]:
    """Every command line of our program, without what cannot run on a tiny patient."""
    for block in blocks(document):
        for line in block.splitlines():
            if line.startswith(PROGRAM):
                yield shlex.split(line, comments=True)[1:]


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the names that the README uses; a CT stands for the PET, which is too coarse at this size."""
    folder = tmp_path_factory.mktemp("patient")
    pair = head_pair(size=40, slices=12)
    mr, ct = to_sitk(pair.fixed), to_sitk(pair.moving)
    for name, image in {"T1.nii.gz": mr, "CT.nrrd": ct, "PET.nii.gz": ct, "SUV.nii.gz": ct}.items():
        sitk.WriteImage(image, str(folder / name))
    sitk.WriteImage(sitk.Cast(ct > 300, sitk.sitkUInt8), str(folder / "tumour.seg.nrrd"))
    point = '{"id": "1", "label": "A", "position": [1, 2, 3], "positionStatus": "defined"}'
    markup = f'{{"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": [{point}]}}'
    (folder / "targets.mrk.json").write_text(f'{{"markups": [{markup}]}}')
    (folder / "points.csv").write_text("r,a,s\n1,2,3\n")
    as_series = ExportedResults(pair.fixed, None, pair.fixed, "mr", "mr", (0.0, 800.0))
    export_dicom(as_series, folder)
    (folder / "aligned").rename(folder / "T1_dicom")
    return folder


def test_the_commands_of_the_readme_run_as_printed(patient: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(patient)
    lines = list(commands("README.md"))
    assert [line[0] for line in lines][:5] == ["fuse", "apply", "export-dicom", "export-transform", "info"]
    for line in lines:
        assert main(line) == 0, line
    carried = ["SUV.nii.gz", "targets.mrk.json", "tumour.seg.nrrd"]
    assert sorted(path.name for path in (patient / "carried").iterdir()) == carried
    assert (patient / "warp.nii.gz.json").exists()
    assert len(list((patient / "dicom" / "fused").iterdir())) == 12


def test_the_python_of_the_readme_runs_as_printed(
    patient: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(patient)
    (script,) = [block for block in blocks("README.md", "python") if "BSAFusionLogic" not in block]
    exec(script, {})
    assert "'verdict'" in capsys.readouterr().out
    assert (patient / "fused.nrrd").exists()


def test_the_tutorial_runs_as_printed(patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (script,) = blocks("docs/tutorial.md", "python")
    exec(script.replace("head_pair()", "head_pair(size=40, slices=12)"), {})
    (tmp_path / "points.csv").write_bytes((patient / "points.csv").read_bytes())
    for line in commands("docs/tutorial.md"):
        assert main(line) == 0, line
    assert sitk.ReadImage(str(tmp_path / "carried" / "CT.nrrd")).GetSize() == (40, 40, 12)


def test_the_script_for_slicer_runs_as_printed() -> None:
    """In the stand-in desktop, with a worker that answers without a network."""
    (script,) = [block for block in blocks("README.md", "python") if "BSAFusionLogic" in block]
    setting = f"""
import os, sys
from pathlib import Path
from Testing.host import desktop
desktop.start()
root = Path({str(ROOT)!r})
desktop.load_module(root / "BSAFusionModule" / "BSAFusion.py")
import slicer
from slicer.util import getNode
import BSAFusionLib.app.script
scripted = [sys.executable, "-u", str(root / "Testing" / "app" / "scripted_worker.py"), "well"]
BSAFusionLib.app.script.worker_command = lambda: scripted
from Testing.panel.parts import add_volume
add_volume(slicer.mrmlScene, "T1", 2.0)
add_volume(slicer.mrmlScene, "CT", 4.0)
slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "Targets").AddControlPoint([1, 2, 3])
"""
    ending = "\nprint(copies[0].GetName(), flush=True)\nos._exit(0)\n"
    command = [sys.executable, "-c", setting + script + ending]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("Targets in T1\n"), done.stderr


def test_the_command_line_reference_is_what_the_parser_says() -> None:
    assert FILE.read_text(encoding="utf-8") == reference(), "run make reference"


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    for target, _ in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_every_option_that_a_document_names_exists() -> None:
    known = reference()
    for document in ("README.md", "docs/tutorial.md", "docs/troubleshooting.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for option in set(re.findall(r"`(--[a-z-]+)", text)):
            assert f"`{option}" in known, f"{document}: {option}"
