"""What is taken for a cohort, and what is said about one that cannot be run."""

from pathlib import Path

import pytest
from BSAFusionLib.cohort.bids_cohort import read_bids
from BSAFusionLib.cohort.checks import check_inputs
from BSAFusionLib.cohort.csv_cohort import read_csv
from BSAFusionLib.cohort.faults import CohortError
from BSAFusionLib.cohort.pair import Pair, fusion_options
from BSAFusionLib.engine.errors import InputError

from Testing.command_line.conftest import PhantomFiles


def pairs_of(folder: Path, text: str, **options: object) -> tuple[list[Pair], list[str]]:
    (folder / "pairs.csv").write_text(text, encoding="utf-8")
    return read_csv(folder / "pairs.csv", fusion_options(**options))


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(CohortError) as refused:
        pairs_of(folder, text)
    return [str(fault) for fault in refused.value.faults]


def test_a_row_overrides_the_options_of_the_cohort(tmp_path: Path) -> None:
    text = "id,fixed,moving,modality,Slice_Smoothing\na,f.nrrd,m.nrrd,pet,\nb,f.nrrd,m.nrrd,,1.5\n"
    (first, second), _ = pairs_of(tmp_path, text, modality="ct", init="none")
    found = [
        (p.id, p.request["config"]["modality"], p.request["config"]["slice_smoothing_mm"])
        for p in (first, second)
    ]
    assert found == [("a", "pet", 5.0), ("b", "ct", 1.5)]
    assert first.request["config"]["init"] == "none"


def test_paths_are_relative_to_the_table(tmp_path: Path) -> None:
    text = "fixed,moving,landmarks,inverse\nsub/f.nii,/data/m.nii,a.csv; b.csv,yes\n"
    (pair,), _ = pairs_of(tmp_path, text)
    assert pair.files == [
        str(tmp_path / "sub/f.nii"),
        "/data/m.nii",
        *(str(tmp_path / f"{n}.csv") for n in "ab"),
    ]
    assert (pair.id, pair.place) == ("pair-0001", "row 2")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_of_all_countries_are_read(delimiter: str, tmp_path: Path) -> None:
    text = "\ufeff" + "id,fixed,moving\nä1,f,m\nb,f,m\n".replace("ä", "a").replace(",", delimiter)
    assert [pair.id for pair in pairs_of(tmp_path, text)[0]] == ["a1", "b"]


def test_all_faults_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    text = "id,fixed,moving,modality,modalty\na,f,m,ct,\nA,f,m,ct,\nb,,m,ct,\nc/d,f,m,ct,\ne,f,m,xray,\n"
    told = faults_of(tmp_path, text)
    assert [line.split(":")[0] for line in told] == ["row 1", "row 4", "row 5", "row 6", "row 3"]
    reasons = ["is 'modality' meant", "'fixed' is empty", "cannot name a folder", "xray", "that of row 2"]
    for line, reason in zip(told, reasons, strict=True):
        assert reason in line


def test_columns_that_mean_nothing_here_are_named_and_left_alone(tmp_path: Path) -> None:
    _, notes = pairs_of(tmp_path, "id,fixed,moving,age\na,f,m,61\n")
    assert notes == ["Columns that are not used: age."]


@pytest.mark.parametrize("text", ["", "id,fixed,moving\n", "\x00\x01"])
def test_an_empty_table_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        pairs_of(tmp_path, text)


def test_headers_are_enough_to_find_files_that_cannot_be_read(phantom: PhantomFiles, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Not an image.")
    rows = [f"good,{phantom.fixed},{phantom.moving}", f"text,{phantom.fixed},notes.txt", "none,x.nii,y.nii"]
    rows.append(f"same,{phantom.fixed},{phantom.fixed}")
    pairs, _ = pairs_of(tmp_path, "\n".join(["id,fixed,moving", *rows]))
    faults = check_inputs(pairs, lambda *_: None)
    assert [fault.id for fault in faults] == ["text", "none", "none", "same"]
    assert "not an image" in faults[0].reason


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_bids_gives_every_ct_and_pet_the_mri_of_its_session(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/anat/sub-01_FLAIR.nii.gz",
        "sub-01/ct/sub-01_ct.nii.gz",
        "sub-01/pet/sub-01_trc-FDG_pet.nii.gz",
        "sub-02/ses-a/anat/sub-02_ses-a_FLAIR.nii",
        "sub-02/ses-b/pet/sub-02_ses-b_pet.nii",
        "sub-03/anat/sub-03_T1w.nii.gz",
    )
    pairs, notes = read_bids(tmp_path, fusion_options())
    found = [(p.id, Path(p.request["fixed"]).name, p.request["config"]["modality"]) for p in pairs]
    assert found == [
        ("sub-01_ct", "sub-01_T1w.nii.gz", "ct"),
        ("sub-01_trc-FDG_pet", "sub-01_T1w.nii.gz", "pet"),
        ("sub-02_ses-b_pet", "sub-02_ses-a_FLAIR.nii", "pet"),
    ]
    assert notes == ["1 subject without CT or PET."]


def test_bids_without_an_mri_is_a_fault(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01/pet/sub-01_pet.nii.gz", "sub-02/ct/sub-02_ct.nii.gz")
    with pytest.raises(CohortError) as refused:
        read_bids(tmp_path, fusion_options())
    assert [fault.place for fault in refused.value.faults] == [
        "sub-01/pet/sub-01_pet.nii.gz",
        "sub-02/ct/sub-02_ct.nii.gz",
    ]
