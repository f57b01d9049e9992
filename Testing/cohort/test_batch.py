"""Whole runs of the program: sound pairs are done, others listed, whatever happens on the way."""

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
import SimpleITK as sitk

from Testing.cohort.program import Cohort, Finished, hidden, next_event, rows

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
SOUND = {"sound-ct", "sound-mr", "sound-pet", "sound-spect"}
EXACT = ("fused.nrrd", "aligned.nrrd", "displacement.nrrd", "preview.png")


@pytest.fixture(scope="module")
def unbroken(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The cohort on one worker, from beginning to end."""
    return cohort.run(tmp_path_factory.mktemp("unbroken") / "out", "--workers", "1")


def test_every_sound_pair_is_done_and_every_other_listed_with_its_reason(unbroken: Finished) -> None:
    table = {row["id"]: row for row in rows(unbroken.out)}
    assert {name for name, row in table.items() if row["status"] == "done"} == SOUND
    assert "cut short" in table["short"]["reason"]
    assert "gone.nrrd' does not exist" in table["missing"]["reason"]
    assert unbroken.status == 3
    assert unbroken.complaints == ""


def test_faulty_inputs_are_told_before_any_pair_is_fused(unbroken: Finished) -> None:
    names = [event["event"] for event in unbroken.events]
    assert names.index("faults") < names.index("started") < names.index("pair")
    assert [fault["place"] for fault in unbroken.event("faults")["faults"]] == ["row 4"]


def test_failed_pairs_come_first(unbroken: Finished) -> None:
    assert [row["status"] for row in rows(unbroken.out)] == ["failed"] * 2 + ["done"] * 4


def test_the_table_has_the_verdict_and_the_numbers_of_each_report(unbroken: Finished) -> None:
    for row in rows(unbroken.out)[2:]:
        report = json.loads((unbroken.out / row["folder"] / "report.json").read_text())
        assert row["verdict"] == report["verdict"]["verdict"]
        assert float(row["after_ncc"]) == pytest.approx(report["quality"]["after"]["ncc"], rel=1e-5)


def test_nothing_but_results_is_left(unbroken: Finished) -> None:
    assert hidden(unbroken.out) == []
    assert {folder.name for folder in (unbroken.out / "pairs").iterdir()} == SOUND


def test_the_dashboard_and_the_time_left_are_told(unbroken: Finished) -> None:
    assert unbroken.event("started")["dashboard"].startswith("http://127.0.0.1:")
    *_, last = (event for event in unbroken.events if event["event"] == "pair")
    assert (last["done"], last["failed"], last["total"], last["seconds_left"]) == (4, 2, 6, 0)


def test_four_workers_give_the_same_files_as_one(cohort: Cohort, unbroken: Finished, tmp_path: Path) -> None:
    many = cohort.run(tmp_path / "out", "--workers", "4")
    assert rows(many.out) == rows(unbroken.out)
    for name in SOUND:
        one, four = (run.out / "pairs" / name for run in (unbroken, many))
        assert names_in(one) == names_in(four)
        for file in EXACT:
            assert (one / file).read_bytes() == (four / file).read_bytes(), f"{name}/{file}"
        assert parameters(one / "transform.h5") == parameters(four / "transform.h5")


def parameters(file: Path) -> list[tuple[float, ...]]:
    """All numbers of a transform; HDF5 files hold the time of day as well."""
    whole = sitk.CompositeTransform(sitk.ReadTransform(str(file)))
    parts = [whole.GetNthTransform(n) for n in range(whole.GetNumberOfTransforms())]
    return [numbers for part in parts for numbers in (part.GetParameters(), part.GetFixedParameters())]


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_run_that_loses_a_worker_and_is_killed_is_finished_by_resume(
    cohort: Cohort, unbroken: Finished, tmp_path: Path
) -> None:
    process = cohort.start(tmp_path / "out", "--workers", "2")
    with process:
        next_event(process, "started")
        workers = psutil.Process(process.pid).children(recursive=True)
        next(worker for worker in workers if "spawn_main" in " ".join(worker.cmdline())).kill()
        first = next_event(process, "pair")["record"]["id"]
        process.kill()
    psutil.wait_procs(workers, timeout=10)
    report = tmp_path / "out" / "pairs" / first / "report.json"
    made = report.stat().st_mtime_ns if report.exists() else None
    resumed = cohort.run(tmp_path / "out", "--workers", "1", "--resume")
    assert rows(resumed.out) == rows(unbroken.out)
    assert hidden(resumed.out) == []
    assert made is None or report.stat().st_mtime_ns == made


def test_ctrl_c_ends_it_cleanly_and_keeps_what_is_done(cohort: Cohort, tmp_path: Path) -> None:
    process = cohort.start(tmp_path / "out", "--workers", "2")
    with process:
        next_event(process, "started")
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read().splitlines() == ["Stopped: what is done is kept, go on with --resume."]
    assert process.returncode == 130
    assert not psutil.wait_procs(workers, timeout=10)[1]
    assert hidden(tmp_path / "out") == []
    assert len(rows(tmp_path / "out")) == 6


def test_fail_fast_starts_nothing_where_an_input_is_faulty(cohort: Cohort, tmp_path: Path) -> None:
    refused = cohort.run(tmp_path / "out", "--fail-fast")
    assert refused.status == 2
    assert "row 4: " in refused.complaints
    assert not (tmp_path / "out").exists()


def test_resume_with_other_options_is_refused(cohort: Cohort, unbroken: Finished) -> None:
    refused = cohort.run(unbroken.out, "--resume", "--slice-smoothing", "1")
    assert (refused.status, refused.complaints.count("\n")) == (2, 1)
    assert "had slice_smoothing_mm 5.0, this one has 1.0" in refused.complaints
