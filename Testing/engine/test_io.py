import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine.errors import GeometryError, InputError
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.io import read_volume, write_color, write_displacement, write_transform, write_volume
from BSAFusionLib.engine.sitk_bridge import ijk_to_ras, to_sitk

from Testing.engine.phantoms import axial_grid, head, ramp, rigid, smooth_field, tilted_grid

GRID = tilted_grid(left_handed=True)
FLIP = [-1, -1, 1]


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha", ".mhd"])
def test_every_format_gives_voxels_place_and_the_name_of_the_file(tmp_path: Path, suffix: str) -> None:
    volume = ramp(GRID)
    sitk.WriteImage(to_sitk(volume), str(tmp_path / f"left.knee{suffix}"))
    back = read_volume(tmp_path / f"left.knee{suffix}")
    np.testing.assert_array_equal(back.array, volume.array)
    np.testing.assert_allclose(back.ijk_to_ras, volume.ijk_to_ras, atol=1e-4)
    assert back.name == "left.knee"


def test_whole_numbers_become_float32(tmp_path: Path) -> None:
    sitk.WriteImage(
        sitk.Cast(to_sitk(head(axial_grid((20, 20, 20)), "ct")), sitk.sitkInt16), str(tmp_path / "ct.nrrd")
    )
    array = read_volume(str(tmp_path / "ct.nrrd")).array
    assert array.dtype == np.float32
    assert array.min() == -1000


def test_a_written_volume_is_compressed_and_comes_back_unchanged(tmp_path: Path) -> None:
    volume = head(axial_grid((10, 10, 10)), "mr")
    write_volume(volume, tmp_path / "out.nrrd")
    back = read_volume(tmp_path / "out.nrrd")
    np.testing.assert_array_equal(back.array, volume.array)
    np.testing.assert_allclose(back.ijk_to_ras, volume.ijk_to_ras, atol=1e-9)
    assert b"encoding: gzip" in (tmp_path / "out.nrrd").read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["out.nrrd"]


def test_a_colour_volume_keeps_its_channels_and_place(tmp_path: Path) -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (*GRID.shape, 3), np.uint8)
    write_color(rgb, GRID, tmp_path / "rgb.nrrd")
    image = sitk.ReadImage(str(tmp_path / "rgb.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), rgb)
    np.testing.assert_allclose(ijk_to_ras(image), GRID.ijk_to_ras, atol=1e-9)


def test_simpleitk_maps_fixed_points_with_the_written_transform(tmp_path: Path) -> None:
    grid = tilted_grid((20, 22, 24), left_handed=True)
    u = smooth_field(grid).astype(np.float32)
    initial = rigid((10, -15, 20), (12, -5, 7))
    write_transform(u, grid, initial, tmp_path / "transform.h5")
    transform = sitk.ReadTransform(str(tmp_path / "transform.h5"))
    fixed = points_ras(grid).reshape(-1, 3)
    truth = (fixed + u.reshape(-1, 3)) @ initial[:3, :3].T + initial[:3, 3]
    for n in np.random.default_rng(5).choice(len(fixed), 1000, replace=False):
        mapped = transform.TransformPoint((fixed[n] * FLIP).tolist())
        np.testing.assert_allclose(mapped, truth[n] * FLIP, atol=1e-6)


def test_simpleitk_takes_the_written_displacement_as_it_is(tmp_path: Path) -> None:
    u = smooth_field(GRID)
    write_displacement(u, GRID, tmp_path / "u.nrrd")
    transform = sitk.DisplacementFieldTransform(sitk.ReadImage(str(tmp_path / "u.nrrd")))
    fixed = points_ras(GRID)
    mapped = transform.TransformPoint((fixed[2, 3, 4] * FLIP).tolist())
    np.testing.assert_allclose(mapped, (fixed[2, 3, 4] + u[2, 3, 4]) * FLIP, atol=1e-9)


def refuse(path: Path, words: str, error: type[Exception] = InputError) -> None:
    with pytest.raises(error, match=words) as caught:
        read_volume(path)
    assert str(path) in str(caught.value)


def test_what_is_not_an_image_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    refuse(tmp_path / "nowhere.nrrd", "does not exist")
    for name in ("notes.txt", "empty.nii.gz", "text.nrrd", "text.nii", "text.mha"):
        (tmp_path / name).write_text("" if name == "empty.nii.gz" else "some notes\n" * 100)
        refuse(tmp_path / name, "not an image|damaged")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz", ".mha"])
def test_a_file_cut_short_is_refused(tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"short{suffix}"
    sitk.WriteImage(to_sitk(head(axial_grid((20, 20, 20)), "mr")), str(path), True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refuse(path, "cut short")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("array", "vector", "words"),
    [
        (np.zeros((5, 6)), False, r"2 dimensions \(6 x 5\)"),
        (np.zeros((2, 4, 5, 6)), False, r"4 dimensions \(6 x 5 x 4 x 2\)"),
        (np.zeros((4, 5, 6, 3), np.uint8), True, "3 values per voxel"),
        (np.zeros((4, 5, 6), np.complex64), False, "complex"),
        (np.arange(120).reshape(4, 5, 6) // 20, False, "segmentation, it holds only 6 whole numbers"),
    ],
)
def test_an_image_of_another_kind_is_refused(
    tmp_path: Path, array: np.ndarray, vector: bool, words: str
) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=vector), str(tmp_path / "odd.nrrd"))
    refuse(tmp_path / "odd.nrrd", words)


def test_a_constant_image_is_not_called_a_segmentation(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 5, 6))), str(tmp_path / "flat.nrrd"))
    assert read_volume(tmp_path / "flat.nrrd").array.max() == 0


def nifti_with(path: Path, **fields: tuple[int, bytes]) -> Path:
    sitk.WriteImage(to_sitk(ramp(tilted_grid(angles_deg=(0, 0, 0)))), str(path))
    data = bytearray(path.read_bytes())
    for offset, value in fields.values():
        data[offset : offset + len(value)] = value
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("spacing", [0.0, -2.0])
def test_a_spacing_of_zero_or_less_is_refused(tmp_path: Path, spacing: float) -> None:
    path = nifti_with(tmp_path / "a.nii", spacing=(80, struct.pack("<f", spacing)))
    refuse(path, f"spacing of {spacing:g} x 3 x 4 mm", GeometryError)
    sitk.WriteImage(to_sitk(ramp(GRID)), str(tmp_path / "a.mha"))
    data = (tmp_path / "a.mha").read_bytes()
    (tmp_path / "a.mha").write_bytes(
        data.replace(b"ElementSpacing = 2 ", f"ElementSpacing = {spacing:g} ".encode())
    )
    refuse(tmp_path / "a.mha", f"spacing of {spacing:g} x 3 x 4 mm", GeometryError)


def test_a_sheared_nifti_is_refused(tmp_path: Path) -> None:
    rows = struct.pack("<12f", 2, 0.9, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0)
    path = nifti_with(tmp_path / "s.nii", codes=(252, struct.pack("<2h", 0, 1)), rows=(280, rows))
    refuse(path, "sheared", GeometryError)


def test_an_uncompressed_nifti_named_gz_or_big_endian_is_judged_by_its_content(tmp_path: Path) -> None:
    sitk.WriteImage(to_sitk(ramp(GRID)), str(tmp_path / "a.nii"))
    packed = tmp_path / "b.nii.gz"
    packed.write_bytes(gzip.compress((tmp_path / "a.nii").read_bytes()[:-4]))
    refuse(packed, "cut short, it holds 1608 of 1612 bytes")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.nrrd").write_text("old")

    def fill_disk(_image: sitk.Image, path: str, *_: object, **__: object) -> None:
        Path(path).write_text("half")
        raise RuntimeError("nrrd: failed to write to file")

    monkeypatch.setattr(sitk, "WriteImage", fill_disk)
    with pytest.raises(InputError, match=r"cannot be written \(\d+ MB free\)"):
        write_volume(ramp(GRID), tmp_path / "out.nrrd")
    assert (tmp_path / "out.nrrd").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_noticed_before_the_transform_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device"):
        write_transform(smooth_field(GRID), GRID, np.eye(4), tmp_path / "t.h5")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_or_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        write_volume(ramp(GRID), tmp_path / "none" / "out.nrrd")
    with pytest.raises(InputError, match=r"must end in \.nrrd"):
        write_volume(ramp(GRID), tmp_path / "out.png")


def test_the_centre_of_a_written_head_stays_at_its_place(tmp_path: Path) -> None:
    volume = head(axial_grid((20, 20, 20)), "ct")
    write_volume(volume, tmp_path / "head.nrrd")
    np.testing.assert_allclose(center_ras(read_volume(tmp_path / "head.nrrd")), (0, 0, -10), atol=1e-9)
