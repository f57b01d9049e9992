"""Results of one pair as a BIDS derivative."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.cohort.bids_names import BidsNames
from BSAFusionLib.cohort.derivative import describe_data_set, publish_derivative

NAMES = BidsNames(
    subject="sub-01",
    folder="sub-01/ses-1/pet",
    entities="sub-01_ses-1_trc-FDG",
    suffix="pet",
    fixed_suffix="T1w",
    fixed="bids:source:sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz",
    moving="bids:source:sub-01/ses-1/pet/sub-01_ses-1_trc-FDG_pet.nii.gz",
)
PREFIX = "sub-01/ses-1/pet/sub-01_ses-1_trc-FDG_"


def image() -> sitk.Image:
    made = sitk.GetImageFromArray(np.arange(60, dtype=np.float32).reshape(3, 4, 5))
    made.SetSpacing((1.0, 2.0, 3.5))
    made.SetOrigin((-7.0, 5.0, 11.0))
    made.SetDirection((0, -1, 0, 1, 0, 0, 0, 0, 1))
    return made


@pytest.fixture
def published(tmp_path: Path) -> Path:
    private, out = tmp_path / "private", tmp_path / "out"
    (private / "scratch").mkdir(parents=True)
    for name in ("fused", "aligned", "displacement"):
        sitk.WriteImage(image(), str(private / f"{name}.nrrd"))
    for name in ("transform.h5", "inverse_transform.h5", "preview.png", "scene.mrb"):
        (private / name).write_text(name)
    (private / "report.json").write_text(json.dumps({"verdict": "good"}))
    files = publish_derivative(private, out, NAMES)
    assert sorted(files) == sorted(f.relative_to(out).as_posix() for f in out.rglob("*") if f.is_file())
    return out


def test_files_are_called_as_bids_wants_them(published: Path) -> None:
    image_names = {f"{PREFIX}space-T1w_desc-{desc}_pet" for desc in ("fused", "aligned")}
    expected = {f"{name}.{kind}" for name in image_names for kind in ("json", "nii.gz")}
    expected |= {f"{PREFIX}from-{way}_mode-image_xfm.h5" for way in ("pet_to-T1w", "T1w_to-pet")}
    expected |= {f"sub-01/figures/sub-01_ses-1_trc-FDG_pet_{end}" for end in ("preview.png", "scene.mrb")}
    assert {f.relative_to(published).as_posix() for f in published.rglob("*") if f.is_file()} == expected


def test_the_transform_and_its_inverse_are_not_swapped(published: Path) -> None:
    assert (published / f"{PREFIX}from-pet_to-T1w_mode-image_xfm.h5").read_text() == "transform.h5"


def test_images_stay_where_they_are_in_the_patient(published: Path) -> None:
    found = sitk.ReadImage(str(published / f"{PREFIX}space-T1w_desc-aligned_pet.nii.gz"))
    point = image().TransformIndexToPhysicalPoint((4, 1, 2))
    assert np.allclose(found.TransformIndexToPhysicalPoint((4, 1, 2)), point, atol=1e-4)
    assert np.array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(image()))


def test_sidecars_name_their_sources_and_hold_the_report(published: Path) -> None:
    sidecar = json.loads((published / f"{PREFIX}space-T1w_desc-fused_pet.json").read_text())
    assert sidecar["Sources"] == [NAMES.fixed, NAMES.moving]
    assert sidecar["SpatialReference"] == NAMES.fixed
    assert sidecar["BSAFusion"] == {"verdict": "good"}


def test_the_data_set_says_that_it_is_a_derivative(tmp_path: Path) -> None:
    describe_data_set(tmp_path / "raw", tmp_path)
    told = json.loads((tmp_path / "dataset_description.json").read_text())
    assert (told["DatasetType"], told["GeneratedBy"][0]["Name"]) == ("derivative", "BSAFusion")
    assert told["DatasetLinks"]["source"].endswith("/raw")
