import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from BSAFusionLib.command_line.arguments import main
from BSAFusionLib.engine.io import read_volume, write_color, write_volume

from Testing.engine.phantoms import head, ramp, tilted_grid

GRID = tilted_grid((4, 20, 22), (8, 9, 12), (0, 0, 0), center=(0, 0, 0))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder as bsafusion fuse leaves it, of a PET."""
    folder = tmp_path / "results"
    folder.mkdir()
    write_volume(head(GRID, "pet"), folder / "aligned.nrrd")
    unit = ramp(GRID).array
    write_volume(ramp(GRID).with_array((unit - unit.min()) / np.ptp(unit)), folder / "fused.nrrd")
    write_color(np.zeros((*GRID.shape, 3), np.uint8), GRID, folder / "fused_color.nrrd")
    report = {
        "geometry": {"fixed": {"modality": "mr"}, "moving": {"modality": "pet", "window": [0, 10]}},
        "verdict": {"verdict": "check", "reasons": ["Look at it."], "numbers": {}},
    }
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def test_results_become_two_series(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = results.parent / "new" / "dicom"
    assert main(["export-dicom", str(results), "--out", str(target), "--units", "suv"]) == 0
    assert capsys.readouterr().out == f"{target / 'aligned'}: 4 files\n{target / 'fused'}: 4 files\n"
    image = pydicom.dcmread(target / "aligned" / "IM0001.dcm")
    assert (image.Modality, image.Units, image.SUVType) == ("PT", "GML", "BW")
    assert image.ImageComments.endswith("Verdict: check: Look at it.")
    assert pydicom.dcmread(target / "fused" / "IM0001.dcm").PhotometricInterpretation == "RGB"
    assert [path.name for path in target.parent.iterdir()] == ["dicom"]


def test_a_series_may_serve_as_the_model_of_the_next_one(results: Path) -> None:
    first, second = (results.parent / name for name in ("first", "second"))
    assert main(["export-dicom", str(results), "--out", str(first), "--units", "bqml"]) == 0
    known = str(first / "aligned")
    arguments = ["--out", str(second), "--like", str(first / "fused"), "--moving", known]
    assert main(["export-dicom", str(results), *arguments]) == 0
    before, after = (pydicom.dcmread(folder / "aligned" / "IM0001.dcm") for folder in (first, second))
    assert after.StudyInstanceUID == before.StudyInstanceUID
    assert after.FrameOfReferenceUID == before.FrameOfReferenceUID
    assert after.Units == "BQML"
    assert after.SOPInstanceUID != before.SOPInstanceUID
    assert read_volume(second / "aligned").array.max() == pytest.approx(head(GRID, "pet").array.max(), 1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["results", "--out", "results"], "not an empty folder"),
        (["nothing", "--out", "new"], "holds no results"),
        (["results", "--out", "new", "--like", "results"], "holds no DICOM images"),
        (["results", "--out", "new", "--like", "gone"], "is not a folder"),
        (["results", "--out", "results/report.json/new"], "cannot be written"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(
    results: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(results.parent)
    before = sorted(results.parent.rglob("*"))
    assert main(["export-dicom", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert sorted(results.parent.rglob("*")) == before
