"""DICOM that was written, as another reader and a validator see it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from BSAFusionLib.engine.dicom_export import ExportedResults, export_dicom
from BSAFusionLib.engine.dicom_source import MODALITIES, SourceSeries, read_source_folder
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.volume import Volume
from pydicom.dataset import Dataset

from Testing.engine.phantoms import head, tilted_grid

GRID = tilted_grid((6, 40, 44), (4, 4.5, 5), (5, -3, 8), left_handed=True, center=(0, 0, -10))


def results(modality: str, color: bool = False) -> ExportedResults:
    volume = head(GRID, "pet" if modality == "spect" else modality)
    grey = np.linspace(0, 255, volume.array.size).astype(np.uint8).reshape(volume.shape)
    picture = np.stack([grey, grey[::-1], 255 - grey], axis=-1) if color else grey
    return ExportedResults(volume, picture, volume, modality, "mr", (0.0, 80.0), "Verdict: check: look.")


def source(modality: str, patient: str = "P1", **more: object) -> SourceSeries:
    """Headers as a scanner writes them, of three slices."""
    headers = []
    for n in range(3):
        header = Dataset()
        header.PatientName, header.PatientID, header.PatientSex = "Müller^Jörg", patient, "M"
        header.StudyInstanceUID, header.SeriesInstanceUID = (
            "1.2.3",
            f"1.2.3.{len(modality)}.{ord(modality[0])}",
        )
        header.FrameOfReferenceUID = "1.2.3.9"
        header.StudyDate, header.StudyID, header.Modality = "20250102", "S1", modality
        header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", f"1.2.3.5.{n + 1}"
        for keyword, value in more.items():
            setattr(header, keyword, value)
        headers.append(header)
    return SourceSeries(headers)


def errors_of(files: list[Path]) -> list[str]:
    """What David Clunie's dciodvfy finds wrong."""
    tool = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which("dciodvfy")
    assert tool is not None
    lines = []
    for file in files:
        done = subprocess.run([tool, file], capture_output=True, text=True, check=False)
        lines += [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]
    return lines


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("modality", MODALITIES)
def test_a_validator_finds_no_error(tmp_path: Path, modality: str, known: bool) -> None:
    sources = (source("MR"), source(MODALITIES[modality]))
    export_dicom(results(modality, color=known), tmp_path, *(sources if known else ()))
    files = sorted(tmp_path.rglob("*.dcm"))
    assert len(files) == (7 if modality == "spect" else 12)
    assert errors_of([tmp_path / "aligned" / "IM0001.dcm", files[-1]]) == []


@pytest.mark.parametrize("modality", ["ct", "mr", "pet"])
def test_the_aligned_series_comes_back_with_its_place_and_values(tmp_path: Path, modality: str) -> None:
    made = results(modality)
    assert made.aligned is not None
    export_dicom(made, tmp_path)
    back = read_volume(tmp_path / "aligned")
    step = 0.5 if modality == "ct" else np.ptp(made.aligned.array) / 65535
    shown = resample(back, GRID, interpolation="nearest", fill=-9999)
    np.testing.assert_allclose(shown, made.aligned.array, atol=step)
    assert (back.direction[[0, 1], [0, 1]] < 0).all(), "columns lead to the left, rows to the back"


def test_frames_of_a_spect_lie_where_the_volume_does(tmp_path: Path) -> None:
    export_dicom(results("spect"), tmp_path)
    image = pydicom.dcmread(tmp_path / "aligned" / "IM0001.dcm")
    detector = image.DetectorInformationSequence[0]
    lps = np.array(detector.ImageOrientationPatient, float).reshape(2, 3)
    rows_mm, columns_mm = image.PixelSpacing
    axes = [lps[0] * columns_mm, lps[1] * rows_mm, np.cross(*lps) * float(image.SpacingBetweenSlices)]
    matrix = np.eye(4)
    matrix[:3] = np.array([*axes, detector.ImagePositionPatient], float).T * [[-1], [-1], [1]]
    values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
    shown = resample(Volume(values.astype(np.float32), matrix), GRID, interpolation="nearest", fill=-9999)
    np.testing.assert_allclose(shown, head(GRID, "pet").array, atol=1e-3)


def test_patient_study_and_frame_are_those_of_the_fixed_series(tmp_path: Path) -> None:
    export_dicom(results("ct"), tmp_path, source("MR"), source("CT", StudyInstanceUID="1.2.7"))
    aligned, fused = (pydicom.dcmread(tmp_path / name / "IM0002.dcm") for name in ("aligned", "fused"))
    for image in (aligned, fused):
        assert (image.PatientName, image.PatientID) == ("Müller^Jörg", "P1")
        assert (image.StudyInstanceUID, image.FrameOfReferenceUID) == ("1.2.3", "1.2.3.9")
        assert list(image.ImageType[:2]) == ["DERIVED", "SECONDARY"]
        assert len(image.SourceImageSequence) == 6
        assert len(image.ReferencedSeriesSequence) == 1
        assert image.StudiesContainingOtherReferencedInstancesSequence[0].StudyInstanceUID == "1.2.7"
        assert "Verdict: check" in image.ImageComments
    assert aligned.SeriesInstanceUID != fused.SeriesInstanceUID
    assert (aligned.Modality, fused.Modality) == ("CT", "OT")


def test_every_capture_says_what_it_is_in_its_pixels(tmp_path: Path) -> None:
    made = results("pet", color=True)
    assert made.fused is not None
    export_dicom(made, tmp_path)
    image = pydicom.dcmread(tmp_path / "fused" / "IM0003.dcm")
    assert image.BurnedInAnnotation == "YES"
    assert min(image.Rows, image.Columns) >= 384
    factor = image.Rows // GRID.shape[1]
    mirrored = made.fused[2, ::-1]  # so that rows lead to the back
    pixels, plain = image.pixel_array, mirrored.repeat(factor, axis=0).repeat(factor, axis=1)
    changed = (pixels != plain).any(axis=-1)
    assert not changed[: image.Rows * 3 // 4].any()
    assert changed[-image.Rows // 8 :, : image.Columns // 2].mean() > 0.1
    assert [float(mm) for mm in image.PixelSpacing] == pytest.approx([4.5 / factor, 4 / factor])


@pytest.mark.parametrize(
    ("units", "known", "written", "kind"),
    [
        ("auto", "BQML", "BQML", None),
        ("auto", None, "NONE", None),
        ("suv", "BQML", "GML", "BW"),
        ("counts", None, "CNTS", None),
    ],
)
def test_pet_says_what_its_values_are(
    tmp_path: Path, units: str, known: str | None, written: str, kind: str | None
) -> None:
    moving = source("PT", Units=known, DecayCorrection="START", SeriesTime="101112") if known else None
    export_dicom(results("pet"), tmp_path, moving=moving, units=units)
    image = pydicom.dcmread(tmp_path / "aligned" / "IM0001.dcm")
    assert (image.Units, image.get("SUVType")) == (written, kind)
    assert float(image.RescaleIntercept) == 0
    assert image.DecayCorrection == ("START" if known else "NONE")
    assert (image.SeriesTime == "101112") == bool(known)


def test_series_that_do_not_fit_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    for sources, words in [
        ((source("MR"), source("CT", "P2")), "two patients"),
        ((source("MR"), source("PT")), "was taken for CT"),
    ]:
        with pytest.raises(InputError, match=words):
            export_dicom(results("ct"), tmp_path / "new", *sources)
    with pytest.raises(InputError, match="not the same units"):
        export_dicom(results("pet"), tmp_path / "new", moving_range=(0, 40000))
    with pytest.raises(InputError, match="no DICOM images"):
        read_source_folder(tmp_path)
    assert not (tmp_path / "new").exists()
