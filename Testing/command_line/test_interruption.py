"""Stopped from outside, in whatever it does: at once, and nothing is left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from Testing.command_line.conftest import PhantomFiles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture
def running(phantom: PhantomFiles, models: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run into tmp_path/out."""
    command = [
        sys.executable,
        "-m",
        "BSAFusionLib",
        "fuse",
        str(phantom.fixed),
        str(phantom.moving),
        "--json",
    ]
    environment = {**os.environ, "BSAFUSION_MODELS": str(models), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        yield process
        process.kill()


def wait_for(process: subprocess.Popen[str], step: str) -> None:
    assert process.stdout is not None
    assert any(step in json.loads(line).get("step", "") for line in process.stdout), "the step never came"


def children(folder: Path) -> list[int]:
    """Processes whose temporary files go below folder."""
    mark = f"TMPDIR={folder}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes():
                found.append(int(environment.parent.name))
        except OSError:
            continue
    return found


def all_end(folder: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while children(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not children(folder)


@pytest.mark.parametrize(
    "step", ["Starting", "Loading the network", "Aligning the volumes", "Writing scene.mrb"]
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_a_second_and_leaves_nothing(
    step: str, number: signal.Signals, running: subprocess.Popen[str], tmp_path: Path
) -> None:
    wait_for(running, step)
    started = time.monotonic()
    running.send_signal(number)
    _, told = running.communicate(timeout=10)
    assert time.monotonic() - started < 1
    assert running.returncode == 128 + number
    assert told == "Stopped: nothing was written.\n"
    assert not (tmp_path / "out").exists()
    assert all_end(tmp_path, seconds=1)


def test_a_killed_computation_is_explained(running: subprocess.Popen[str], tmp_path: Path) -> None:
    wait_for(running, "Loading the network")
    for child in children(tmp_path):
        os.kill(child, signal.SIGKILL)
    _, told = running.communicate(timeout=10)
    assert running.returncode == 2
    assert told.startswith("The computation was killed, most likely because memory ran out")
    assert not (tmp_path / "out").exists()


def test_the_computation_does_not_outlive_the_command(running: subprocess.Popen[str], tmp_path: Path) -> None:
    wait_for(running, "Loading the network")
    running.kill()
    running.wait()
    assert all_end(tmp_path, seconds=5)
