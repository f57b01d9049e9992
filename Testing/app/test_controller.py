"""One fusion from start to nodes, with the real worker process and the real scene."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import slicer
import slicer.util
import vtk
from BSAFusionLib.app.request import FusionRequest
from BSAFusionLib.app.scheduler import Loop
from BSAFusionLib.app.view import State
from BSAFusionLib.app.worker_client import WorkerClient
from BSAFusionLib.scene.outputs import OFF, Outputs

from .parts import Bench, FakeInstaller, node_names

MakeBench = Callable[..., Bench]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def make_bench(scene: Any, loop: Loop, new_client: Callable[..., WorkerClient]) -> MakeBench:
    def make(behaviour: str = "well", installer: FakeInstaller | None = None) -> Bench:
        return Bench(scene, new_client(behaviour), loop, installer or FakeInstaller())

    return make


def start(bench: Bench, outputs: Outputs | None = None) -> None:
    bench.controller.start(
        FusionRequest(bench.fixed.GetID(), bench.moving.GetID(), outputs=outputs or Outputs())
    )


def run_folders(temporary: Path) -> list[Path]:
    return list(temporary.glob("bsafusion-run-*"))


def assert_nothing_left(bench: Bench, names: list[str], temporary: Path) -> None:
    assert node_names(bench.scene) == names
    assert run_folders(temporary) == []


def test_a_fusion_ends_with_nodes_numbers_and_no_files(make_bench: MakeBench, temporary: Path) -> None:
    bench = make_bench()
    start(bench)
    outcome = bench.wait()
    assert bench.view.states == [State.RUNNING, State.DONE]
    assert outcome.published is not None
    fused = bench.scene.GetNodeByID(outcome.published.fused)
    assert slicer.util.arrayFromVolume(fused)[1, 1, 1] == 3.0
    assert "correlation 0.500 → 0.750" in outcome.message
    assert run_folders(temporary) == []


def bent() -> vtk.vtkThinPlateSplineTransform:
    """One corner of a cube is pulled away."""
    here, there = vtk.vtkPoints(), vtk.vtkPoints()
    for n in range(8):
        corner = [10.0 * (n >> axis & 1) for axis in range(3)]
        here.InsertNextPoint(corner)
        there.InsertNextPoint([c + (n == 7) for c in corner])
    warp = vtk.vtkThinPlateSplineTransform()
    warp.SetBasisToR()
    warp.SetSourceLandmarks(here)
    warp.SetTargetLandmarks(there)
    return warp


def test_a_volume_that_had_to_be_resampled_is_told_with_the_result(make_bench: MakeBench) -> None:
    bench = make_bench()
    warp = bench.scene.AddNewNodeByClass("vtkMRMLTransformNode", "Warp")
    warp.SetAndObserveTransformToParent(bent())
    for node in (bench.fixed, bench.moving):
        node.SetAndObserveTransformNodeID(warp.GetID())
    start(bench)
    outcome = bench.wait()
    for node, warning in zip((bench.fixed, bench.moving), outcome.warnings, strict=True):
        assert warning.startswith(f"'{node.GetName()}' is moved by the non-linear transform 'Warp'")
        assert warning in outcome.message


def test_originals_selection_and_undo_stay_as_they_were(make_bench: MakeBench) -> None:
    bench = make_bench()
    before = [slicer.util.arrayFromVolume(node).copy() for node in (bench.fixed, bench.moving)]
    undo = bench.scene.GetNumberOfUndoLevels()
    start(bench)
    bench.wait()
    for node, array in zip((bench.fixed, bench.moving), before, strict=True):
        assert (slicer.util.arrayFromVolume(node) == array).all()
    assert bench.scene.GetNumberOfUndoLevels() == undo


def test_running_twice_updates_the_chosen_nodes(make_bench: MakeBench) -> None:
    bench = make_bench()
    start(bench, Outputs(quality=OFF, aligned=OFF, transform=OFF))
    first = bench.wait().published
    assert first is not None
    count = bench.scene.GetNumberOfNodes()
    start(bench, Outputs(fused=first.fused or "", quality=OFF, aligned=OFF, transform=OFF))
    second = bench.wait().published
    assert second is not None
    assert second.fused == first.fused
    assert bench.scene.GetNumberOfNodes() == count


def test_cancel_takes_less_than_a_second_and_leaves_nothing(make_bench: MakeBench, temporary: Path) -> None:
    bench = make_bench("slow")
    names = node_names(bench.scene)
    start(bench)
    bench.wait_for_progress()
    began = time.monotonic()
    bench.controller.cancel()
    assert time.monotonic() - began < 1
    assert bench.wait().message == "Cancelled. Nothing was changed."
    assert bench.view.states == [State.RUNNING, State.CANCELLING, State.IDLE]
    assert not bench.client.is_warm
    assert_nothing_left(bench, names, temporary)


@pytest.mark.parametrize(
    "behaviour", ["crash", "memory", "disk", "garble", "odd", "bug", "input", "short", "hollow", "vague"]
)
def test_a_failed_run_leaves_nothing_and_the_next_one_works(
    make_bench: MakeBench, temporary: Path, behaviour: str, new_client: Callable[..., WorkerClient]
) -> None:
    bench = make_bench(behaviour)
    names = node_names(bench.scene)
    start(bench)
    outcome = bench.wait()
    assert bench.controller.state is State.FAILED
    assert outcome.message.endswith((".", "details."))
    assert_nothing_left(bench, names, temporary)
    bench.client.stop()
    bench.client._command = new_client("well")._command
    start(bench)
    bench.wait()
    assert bench.controller.state is State.DONE


def test_a_removed_volume_ends_the_run_and_says_so(make_bench: MakeBench, temporary: Path) -> None:
    bench = make_bench("slow")
    start(bench)
    bench.wait_for_progress()
    bench.scene.RemoveNode(bench.moving)
    names = node_names(bench.scene)
    assert "moving volume was removed during the run: the result was discarded" in bench.wait().message
    assert_nothing_left(bench, names, temporary)
    assert not bench.client.is_warm


def test_a_closed_scene_ends_the_run_and_says_so(make_bench: MakeBench) -> None:
    bench = make_bench("slow")
    start(bench)
    bench.wait_for_progress()
    bench.scene.Clear()
    assert "scene was closed during the run" in bench.wait().message
    assert bench.controller.state is State.FAILED


def test_a_volume_moved_during_the_run_gets_no_result(make_bench: MakeBench, temporary: Path) -> None:
    bench = make_bench()
    names = node_names(bench.scene)
    start(bench)
    bench.loop.run_until(lambda: bool(list(temporary.glob("*/fused.npy"))))
    bench.fixed.SetOrigin(50, 0, 0)
    assert "fixed volume was moved during the run" in bench.wait().message
    assert node_names(bench.scene) == names


def test_missing_torch_is_asked_for_and_a_no_is_respected(make_bench: MakeBench) -> None:
    installer = FakeInstaller(says_yes=False)
    bench = make_bench("missing", installer)
    start(bench)
    assert "PyTorch is needed and was not installed" in bench.wait().message
    assert "200 MB" in installer.questions[0]
    assert "minutes" in installer.questions[0]
    assert installer.installed == []


def test_a_half_install_is_repaired(make_bench: MakeBench) -> None:
    installer = FakeInstaller()
    bench = make_bench("broken", installer)
    start(bench)
    assert "was installed and does not load" in bench.wait().message
    assert "half installed" in installer.questions[0]
    assert installer.installed == [("torch", True)]
    assert bench.view.states == [State.RUNNING, State.INSTALLING, State.RUNNING, State.FAILED]


def test_after_an_installation_the_run_goes_on(
    make_bench: MakeBench, new_client: Callable[..., WorkerClient]
) -> None:
    bench = make_bench("missing")
    well = new_client("well")._command
    bench.installer.when_done = lambda: setattr(bench.client, "_command", well)
    start(bench)
    bench.wait()
    assert bench.view.states == [State.RUNNING, State.INSTALLING, State.RUNNING, State.DONE]


def test_without_a_network_it_says_what_to_copy_where(make_bench: MakeBench) -> None:
    bench = make_bench("missing", FakeInstaller(works=False))
    start(bench)
    outcome = bench.wait()
    assert 'pip download "torch>=2.5,<3" -d wheels' in outcome.message
    assert "/opt/slicer/lib" in outcome.message
    assert "no route to host" in outcome.details


def test_a_full_disk_is_told_before_anything_is_written(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    bench = make_bench()
    usage = __import__("shutil")._ntuple_diskusage(10, 9, 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    start(bench)
    assert "is full" in bench.wait().message
    assert run_folders(temporary) == []


def test_close_ends_the_worker_and_removes_the_folder(make_bench: MakeBench, temporary: Path) -> None:
    bench = make_bench("slow")
    start(bench)
    bench.wait_for_progress()
    bench.controller.close()
    assert not bench.client.is_warm
    assert run_folders(temporary) == []


def test_a_panel_closed_while_volumes_are_read_starts_no_worker(make_bench: MakeBench, loop: Loop) -> None:
    bench = make_bench()
    start(bench)
    bench.wait()
    bench.client.stop()
    start(bench)
    bench.controller.close()
    end = time.monotonic() + 0.5
    loop.run_until(lambda: time.monotonic() > end)
    assert not bench.client.is_warm


def test_a_scene_closed_while_libraries_are_installed_ends_the_run(make_bench: MakeBench) -> None:
    bench = make_bench("missing")
    bench.installer.when_done = bench.scene.Clear
    start(bench)
    assert "scene was closed" in bench.wait().message
    assert bench.controller.state is State.FAILED
    assert not bench.client.is_warm


def test_once_the_result_is_in_the_scene_nothing_can_be_cancelled(
    make_bench: MakeBench, temporary: Path
) -> None:
    bench = make_bench()
    names = node_names(bench.scene)
    start(bench)
    bench.loop.run_until(lambda: node_names(bench.scene) != names)
    bench.controller.cancel()
    assert bench.controller.state is State.DONE
    assert bench.view.outcomes[-1].published is not None
    assert run_folders(temporary) == []


def test_no_observer_is_left_on_the_scene(make_bench: MakeBench) -> None:
    bench = make_bench()
    before = str(bench.scene).count("vtkObserver")
    start(bench)
    bench.wait()
    assert str(bench.scene).count("vtkObserver") == before
