import hashlib
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from Testing.command_line.conftest import PhantomFiles

RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
FILES = ["fused.nrrd", "aligned.nrrd", "fused_color.nrrd", "transform.h5", "displacement.nrrd"]
FILES += ["report.json", "report.html", "preview.png", "scene.mrb"]


@dataclass(frozen=True)
class Finished:
    folder: Path
    events: list[dict[str, Any]]

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return report

    def image(self, name: str) -> sitk.Image:
        return sitk.ReadImage(str(self.folder / name))


@pytest.fixture(scope="module")
def finished(phantom: PhantomFiles, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run of the program itself, the CT taken for a PET so that there is a colour result."""
    out = tmp_path_factory.mktemp("run") / "out"
    command = [sys.executable, "-m", "BSAFusionLib", "fuse", str(phantom.fixed), str(phantom.moving)]
    command += ["--out", str(out), "--modality", "pet", "--window", "full", "--device", "cpu", "--json"]
    environment = {**os.environ, "BSAFUSION_MODELS": str(models), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return Finished(out, [json.loads(line) for line in done.stdout.splitlines()])


def test_all_results_arrive_and_nothing_else(finished: Finished) -> None:
    assert sorted(file.name for file in finished.folder.iterdir()) == sorted(FILES)


def test_machines_are_told_of_progress_and_the_result(finished: Finished) -> None:
    *steps, last = finished.events
    assert {event["event"] for event in steps} == {"progress"}
    assert all(0 <= event["done"] <= event["total"] for event in steps)
    assert (last["event"], last["files"], last["report"]) == ("result", FILES, finished.report)


def test_every_image_lies_on_the_fixed_grid(finished: Finished, phantom: PhantomFiles) -> None:
    fixed = sitk.ReadImage(str(phantom.fixed))
    for name in ("fused.nrrd", "aligned.nrrd", "fused_color.nrrd", "displacement.nrrd"):
        image = finished.image(name)
        assert image.GetSize() == fixed.GetSize()
        assert np.allclose(image.GetOrigin(), fixed.GetOrigin())
        assert np.allclose(image.GetSpacing(), fixed.GetSpacing())
        assert np.allclose(image.GetDirection(), fixed.GetDirection())


def test_the_written_transform_gives_the_aligned_image(finished: Finished, phantom: PhantomFiles) -> None:
    transform = sitk.ReadTransform(str(finished.folder / "transform.h5"))
    fixed, moving = (sitk.ReadImage(str(file)) for file in (phantom.fixed, phantom.moving))
    expected = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, sitk.sitkLinear, -1000.0))
    found = sitk.GetArrayFromImage(finished.image("aligned.nrrd"))
    inside = (slice(2, -2), slice(5, -5), slice(5, -5))
    assert np.abs(found[inside] - expected[inside]).max() < 0.5


def test_the_transform_brings_landmarks_closer(finished: Finished, phantom: PhantomFiles) -> None:
    transform = sitk.ReadTransform(str(finished.folder / "transform.h5"))
    fixed = phantom.pair.landmarks()
    truth = phantom.pair.true_moving_points(fixed)
    mapped = [transform.TransformPoint(point) for point in (fixed * RAS_TO_LPS).tolist()]
    after = np.linalg.norm(np.array(mapped) * RAS_TO_LPS - truth, axis=1).mean()
    assert after < np.linalg.norm(fixed - truth, axis=1).mean()


def test_the_report_tells_what_was_done(finished: Finished) -> None:
    report = finished.report
    assert report["configuration"]["modality"] == "pet"
    assert report["model"]["id"] == "shift"
    assert {"bsafusion", "torch", "SimpleITK"} <= report["software"].keys()
    assert {"before", "after"} <= report["quality"].keys()
    assert report["peak_memory_mb"] > 100


def test_the_report_holds_the_hash_of_every_other_file(finished: Finished) -> None:
    hashes = finished.report["files"]
    assert sorted([*hashes, "report.json"]) == sorted(FILES)
    for name, expected in hashes.items():
        assert hashlib.sha256((finished.folder / name).read_bytes()).hexdigest() == expected


def test_the_preview_shows_five_columns_of_three_slices(finished: Finished) -> None:
    picture = np.asarray(Image.open(finished.folder / "preview.png"))
    assert picture.shape == (1006, 1564, 3)
    tiles = [
        picture[50 + 308 * row :][:300, 16 + 308 * column :][:, :300]
        for row in range(3)
        for column in range(5)
    ]
    assert all(tile.std() > 10 for tile in tiles)


def test_the_scene_is_an_archive_with_a_scene(finished: Finished) -> None:
    with zipfile.ZipFile(finished.folder / "scene.mrb") as archive:
        assert archive.testzip() is None
        assert [name for name in archive.namelist() if name.endswith(".mrml")]


def test_a_second_run_into_the_same_folder_needs_force(finished: Finished, phantom: PhantomFiles) -> None:
    command = [sys.executable, "-m", "BSAFusionLib", "fuse", str(phantom.fixed), str(phantom.moving)]
    done = subprocess.run(
        [*command, "--out", str(finished.folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--force" in done.stderr


def test_what_should_not_be_used_is_not_written_unless_the_user_insists(
    phantom: PhantomFiles, models: Path, tmp_path: Path
) -> None:
    """The moving volume is noise: report and preview say so, and the exit status is 3."""
    noise = sitk.ReadImage(str(phantom.moving))
    values = np.random.default_rng(0).permutation(sitk.GetArrayViewFromImage(noise).ravel())
    image = sitk.GetImageFromArray(values.reshape(noise.GetSize()[::-1]))
    image.CopyInformation(noise)
    sitk.WriteImage(image, str(tmp_path / "noise.nrrd"))
    command = [sys.executable, "-m", "BSAFusionLib", "fuse", str(phantom.fixed), str(tmp_path / "noise.nrrd")]
    command += ["--modality", "ct", "--window", "full", "--init", "none", "--device", "cpu"]
    environment = {**os.environ, "BSAFUSION_MODELS": str(models), "OMP_NUM_THREADS": "1"}
    status, said, names = {}, {}, {}
    for word in ("plain", "insist"):
        out = ["--out", str(tmp_path / word), *(["--insist"] if word == "insist" else [])]
        done = subprocess.run(command + out, capture_output=True, text=True, check=False, env=environment)
        status[word], said[word] = done.returncode, done.stderr + done.stdout
        names[word] = {file.name for file in (tmp_path / word).iterdir()}
    assert status == {"plain": 3, "insist": 0}
    assert names["plain"] == {"report.json", "report.html", "preview.png"}
    assert {"aligned.nrrd", "transform.h5", "scene.mrb"} < names["insist"]
    assert "Verdict: do not use." in said["plain"]
    assert "because you insisted" in said["insist"]
