"""Forecast, summary, private folder and scripts."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import slicer
from BSAFusionLib.app.private_folder import make_private_folder, remove_folder
from BSAFusionLib.app.progress import Forecast, duration
from BSAFusionLib.app.script import fuse_nodes
from BSAFusionLib.app.summary import details, outcome, provenance
from BSAFusionLib.app.view import Tone
from BSAFusionLib.engine.config import FusionConfig
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.verdict import advice
from BSAFusionLib.scene.outputs import Published

from .parts import FakeInstaller, add_volume, node_names


def test_a_forecast_counts_and_estimates_once_it_has_seen_enough() -> None:
    now = [0.0]
    forecast = Forecast(lambda: now[0])
    assert forecast.report("Slices", 0, 60) == ("Slices: 0 of 60", 0.0)
    now[0] = 4.0
    assert forecast.report("Slices", 20, 60) == ("Slices: 20 of 60, about 8 s left", 20 / 60)
    assert forecast.report("Measuring", 0, 1) == ("Measuring …", None)


@pytest.mark.parametrize(("seconds", "text"), [(3.4, "3 s"), (89, "89 s"), (150, "2 min")])
def test_a_duration_is_said_as_a_person_says_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def report_with(verdict: str) -> dict[str, Any]:
    return {
        "quality": {"displacement_mm": {"mean": 2.54}, "before": {"nmi": 1.05}, "after": {"nmi": 1.2}},
        "warnings": ["Look twice.", "It is warm."],
        "verdict": {"verdict": verdict, "reasons": ["Look twice."], "numbers": {}},
    }


@pytest.mark.parametrize(
    ("verdict", "title", "tone", "done"),
    [
        ("check", "Check before use", Tone.CHECK, "Fused"),
        ("do not use", "Do not use", Tone.DO_NOT_USE, "Computed"),
    ],
)
def test_a_doubtful_result_says_what_to_do_first_and_gives_each_reason_once(
    verdict: str, title: str, tone: Tone, done: str
) -> None:
    told = outcome(report_with(verdict), 12.3, Published())
    assert (told.title, told.tone) == (title, tone)
    assert told.message.splitlines() == [
        " ".join(advice(report_with(verdict))),
        "• Look twice.",
        "• It is warm.",
        f"{done} in 12 s, elastic displacement 2.5 mm on average, "
        "normalised mutual information 1.050 → 1.200.",
    ]


@pytest.mark.parametrize(("kept_mm", "told"), [(0.0, True), (1.4, False)])
def test_a_displacement_that_was_left_out_is_told(kept_mm: float, told: bool) -> None:
    note = "The network's displacement was not confirmed by the intensities and left out."
    in_slices = {"found_mm": 1.5, "mean_mm": kept_mm, "note": note}
    message = outcome({**report_with("good"), "in_slices": in_slices}, 12.3, Published()).message
    assert (note in message) == told


def test_a_good_result_has_no_reasons() -> None:
    told = outcome({**report_with("good"), "warnings": []}, 12.3, Published())
    assert told.title.startswith("Good")
    assert told.message.startswith("Fused in 12 s")


def test_details_begin_with_what_is_worth_reading_and_keep_lists_on_one_line() -> None:
    report = {"model": {"id": "a", "version": "2", "device": "cpu"}, "quality": {"ncc": [0.5, 0.25]}}
    text = details(report)
    assert text.startswith("Network: a 2 on cpu\n")
    assert '"ncc": [ 0.5, 0.25 ]' in text


def test_nodes_learn_of_model_and_options() -> None:
    known = provenance({"model": {"id": "a"}, "quality": {}}, FusionConfig(init="affine"))
    assert known["Model"] == {"id": "a"}
    assert known["Configuration"]["init"] == "affine"  # type: ignore[index]


def test_a_folder_is_private_and_folders_of_dead_processes_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = tmp_path / "bsafusion-run-999999999-abc"
    dead.mkdir()
    folder = make_private_folder(1000)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.name.startswith(f"bsafusion-run-{os.getpid()}-")
    assert not dead.exists()
    remove_folder(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_script_is_refused_with_the_same_sentence_and_an_untouched_scene(scene: Any) -> None:
    node = add_volume(scene, "MR", 2.0)
    before = node_names(scene)
    with pytest.raises(InputError, match="are the same"):
        fuse_nodes(scene, node, node, FakeInstaller())
    assert node_names(scene) == before


def points(scene: Any, name: str, count: int) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    for n in range(count):
        node.AddControlPoint(n, n * n, 1.0)
    return node


def test_a_script_names_nodes_to_measure_with_and_to_begin_at(scene: Any) -> None:
    pair = add_volume(scene, "MR", 2.0), add_volume(scene, "CT", 3.0)
    bending = scene.AddNewNodeByClass("vtkMRMLTransformNode", "Warp")
    bending.SetAndObserveTransformToParent(slicer.vtkOrientedGridTransform())
    many, few = points(scene, "many", 3), points(scene, "few", 2)

    def refused(message: str, **options: Any) -> None:
        with pytest.raises(InputError, match=message):
            fuse_nodes(scene, *pair, FakeInstaller(), options=options)

    refused("3 fixed and 2 moving landmarks", landmarks=(many, few))
    refused("3 fixed and 2 moving landmarks", start=(many, few))
    refused("'Warp' is not linear, it bends the volume", start=bending)
    refused("landmarks are 1 nodes: give two", landmarks=[many])
