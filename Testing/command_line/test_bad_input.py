"""Bad input: one sentence, exit status 2, nothing written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.command_line.arguments import main

from Testing.command_line.conftest import PhantomFiles

Damage = Callable[[sitk.Image], sitk.Image]


def with_values(change: Callable[[np.ndarray], object]) -> Damage:
    def damage(image: sitk.Image) -> sitk.Image:
        array = sitk.GetArrayFromImage(image)
        change(array)
        changed = sitk.GetImageFromArray(array)
        changed.CopyInformation(image)
        return changed

    return damage


def far_away(image: sitk.Image) -> sitk.Image:
    image.SetOrigin((5000.0, 0.0, 0.0))
    return image


def tiny(image: sitk.Image) -> sitk.Image:
    image.SetSpacing((0.002, 0.002, 0.005))
    return image


DAMAGES: dict[str, tuple[Damage, str]] = {
    "2-D": (lambda image: image[:, :, 3], "2 dimensions"),
    "4-D": (lambda image: sitk.JoinSeries([image, image]), "4 dimensions"),
    "one slice": (lambda image: image[:, :, 3:4], "single slice"),
    "constant": (with_values(lambda array: array.fill(7)), "value 7"),
    "NaN": (with_values(lambda array: array.put([1, 2, 3], np.nan)), "3 of"),
    "infinite": (with_values(lambda array: array.put([5], np.inf)), "1 infinite"),
    "vectors": (lambda image: sitk.Compose(image, image), "2 values per voxel"),
    "labels": (lambda image: sitk.Cast(image > 0, sitk.sitkUInt8), "segmentation"),
    "far away": (far_away, "mm apart"),
    "wrong units": (tiny, "units"),
}


def refused(
    fixed: Path, moving: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], *options: str
) -> str:
    """Run the command, see that it refuses and writes nothing, and return the sentence."""
    assert main(["fuse", str(fixed), str(moving), "--out", str(tmp_path / "out"), *options]) == 2
    assert not (tmp_path / "out").exists()
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.endswith(".\n")
    assert told.err.count("\n") == 1
    return told.err


@pytest.mark.parametrize("name", DAMAGES)
def test_a_volume_that_cannot_be_fused_is_refused(
    name: str, phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damage, reason = DAMAGES[name]
    bad = tmp_path / "bad.nrrd"
    sitk.WriteImage(damage(sitk.ReadImage(str(phantom.moving))), str(bad))
    assert reason in refused(phantom.fixed, bad, tmp_path, capfd)


@pytest.mark.parametrize(
    ("header", "replacement", "reason"),
    [
        (rb"space directions: .*", b"space directions: (0,0,0) (0,2,0) (0,0,3)", "spacing"),
        (rb"space directions: .*", b"space directions: (2,0,0) (1,2,0) (0,0,3)", "sheared"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(
    header: bytes,
    replacement: bytes,
    reason: str,
    phantom: PhantomFiles,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import re

    bad = tmp_path / "bad.nrrd"
    bad.write_bytes(re.sub(header, replacement, phantom.moving.read_bytes(), count=1))
    assert reason in refused(phantom.fixed, bad, tmp_path, capfd)


def test_a_missing_file_is_named(
    phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "gone.nrrd' does not exist" in refused(phantom.fixed, tmp_path / "gone.nrrd", tmp_path, capfd)


def test_a_text_file_is_no_image(
    phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("Not an image.")
    assert "not an image" in refused(phantom.fixed, tmp_path / "notes.txt", tmp_path, capfd)


def test_a_folder_without_dicom_is_refused(
    phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "no DICOM" in refused(phantom.fixed, tmp_path, tmp_path, capfd)


def test_the_same_file_twice_is_refused(
    phantom: PhantomFiles, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "same image" in refused(phantom.fixed, phantom.fixed, tmp_path, capfd)


def test_a_device_that_is_absent_is_refused(
    phantom: PhantomFiles,
    models: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(models))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "cpu" in refused(phantom.fixed, phantom.moving, tmp_path, capfd, "--device", "cuda")


def test_a_missing_model_is_named(
    phantom: PhantomFiles,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    assert "manifest.json" in refused(phantom.fixed, phantom.moving, tmp_path, capfd)


def test_an_altered_model_is_refused(
    phantom: PhantomFiles,
    models: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "manifest.json").write_bytes((models / "manifest.json").read_bytes())
    (tmp_path / "shift.pt").write_bytes((models / "shift.pt").read_bytes()[:-1] + b"!")
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    assert "checksum" in refused(phantom.fixed, phantom.moving, tmp_path, capfd)
