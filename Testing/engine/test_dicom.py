from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine.dicom import list_series
from BSAFusionLib.engine.errors import GeometryError, InputError
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.sitk_bridge import to_sitk
from BSAFusionLib.engine.volume import Volume

from Testing.engine.phantoms import tilted_grid

GRID = tilted_grid((6, 7, 9), (2, 3, 4))


def whole_numbers() -> Volume:
    values = np.random.default_rng(2).integers(0, 900, GRID.shape).astype(np.float32)
    return Volume(values, GRID.ijk_to_ras, "series")


def write_series(
    folder: Path, uid: str = "1.2.3", slices: tuple[int, ...] = (0, 1, 2, 3, 4, 5), **tags: str
) -> Path:
    """Write slices of whole_numbers as DICOM files whose names say nothing about their order."""
    folder.mkdir(exist_ok=True)
    image = sitk.Cast(to_sitk(whole_numbers()), sitk.sitkInt16)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for count, k in enumerate(slices):
        part = image[:, :, k : k + 1]
        direction = image.GetDirection()
        values = {
            "0008|0060": "MR",
            "0008|103e": "T1 axial",
            "0010|0010": "Doe^Jane",
            "0020|000d": "1.2",
            "0020|000e": uid,
            "0008|0018": f"{uid}.{count + 1}",
            "0020|0032": "\\".join(f"{x:.6f}" for x in image.TransformIndexToPhysicalPoint((0, 0, k))),
            "0020|0037": "\\".join(f"{direction[n]:.6f}" for n in (0, 3, 6, 1, 4, 7)),
        } | {key[1:].replace("_", "|"): value for key, value in tags.items()}
        for key, value in values.items():
            part.SetMetaData(key, value)
        writer.SetFileName(str(folder / f"{uid}-{(count * 7) % 11}.dcm"))
        writer.Execute(part)
    return folder


def test_a_series_is_sorted_by_position_and_named_after_its_folder(tmp_path: Path) -> None:
    volume = read_volume(write_series(tmp_path / "knee"))
    np.testing.assert_array_equal(volume.array, whole_numbers().array)
    np.testing.assert_allclose(volume.ijk_to_ras, GRID.ijk_to_ras, atol=1e-4)
    assert volume.name == "knee"


def test_slices_in_reverse_come_out_at_the_same_place(tmp_path: Path) -> None:
    volume = read_volume(write_series(tmp_path / "knee", slices=(5, 4, 3, 2, 1, 0)))
    np.testing.assert_array_equal(volume.array, whole_numbers().array)
    np.testing.assert_allclose(volume.ijk_to_ras, GRID.ijk_to_ras, atol=1e-4)


def test_rescaling_is_applied(tmp_path: Path) -> None:
    """Hounsfield units are stored as (value - intercept) / slope."""
    volume = read_volume(write_series(tmp_path / "ct", _0008_0060="CT", _0028_1052="-1024", _0028_1053="1"))
    np.testing.assert_array_equal(volume.array, whole_numbers().array)


def test_every_slice_of_a_pet_has_its_own_slope(tmp_path: Path) -> None:
    slope = b"\x28\x00\x53\x10\x02\x00\x00\x00"
    for file in write_series(tmp_path / "pet", _0008_0060="CT", _0028_1052="0", _0028_1053="1").iterdir():
        if file.name != "1.2.3-0.dcm":
            file.write_bytes(file.read_bytes().replace(slope + b"1 ", slope + b".5"))
    array = read_volume(tmp_path / "pet").array
    np.testing.assert_array_equal(array[0], whole_numbers().array[0])
    np.testing.assert_array_equal(array[1:], whole_numbers().array[1:] / 2)


def test_several_series_are_listed_and_one_can_be_named(tmp_path: Path) -> None:
    write_series(tmp_path / "study")
    write_series(tmp_path / "study", "1.2.4", (1, 2, 3), _0008_103e="T2 axial")
    assert [(s.description, s.modality, len(s.files)) for s in list_series(tmp_path / "study")] == [
        ("T1 axial", "MR", 6),
        ("T2 axial", "MR", 3),
    ]
    with pytest.raises(
        InputError, match=r"holds 2 DICOM series.*1\.2\.3 \(T1 axial, MR, 6 files\).*T2"
    ) as caught:
        read_volume(tmp_path / "study")
    assert "Doe" not in str(caught.value)
    assert read_volume(tmp_path / "study", "1.2.4").shape == (3, 7, 9)
    with pytest.raises(InputError, match=r"holds no series 9: choose one of 1\.2\.3"):
        read_volume(tmp_path / "study", "9")


@pytest.mark.parametrize(
    ("slices", "words"),
    [
        ((0, 1, 3, 4, 5), r"lacks 1 of 6 slices.*8\.00 mm apart instead of 4\.00 mm"),
        ((0, 1, 2, 2, 3, 4), "1 of 6 slices at the place of another"),
    ],
)
def test_missing_and_doubled_slices_are_refused(tmp_path: Path, slices: tuple[int, ...], words: str) -> None:
    with pytest.raises(GeometryError, match=words):
        read_volume(write_series(tmp_path / "knee", slices=slices))


def test_a_folder_without_a_series_is_refused_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="holds no DICOM images"):
        read_volume(tmp_path)
    assert capfd.readouterr().err == ""


def test_a_single_slice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one slice"):
        read_volume(write_series(tmp_path / "knee", slices=(2,)))
