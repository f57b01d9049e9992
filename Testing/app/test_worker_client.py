"""The client with a real worker process: answers, failures, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from BSAFusionLib.app.scheduler import Loop
from BSAFusionLib.app.worker_client import SILENCE_SECONDS, WorkerClient
from BSAFusionLib.engine.errors import BSAFusionError, InputError, WorkerError
from BSAFusionLib.engine.exchange import read_result, write_volume
from BSAFusionLib.engine.volume import Volume

from .conftest import SCRIPT

ROOT = SCRIPT.parents[2]
NewClient = Callable[..., WorkerClient]


class Recorder:
    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []
        self.result: dict[str, Any] | None = None
        self.error: BSAFusionError | None = None
        self.logged: list[str] = []

    @property
    def ended(self) -> bool:
        return self.result is not None or self.error is not None

    def on_progress(self, step: str, done: int, total: int) -> None:
        self.steps.append((step, done, total))

    def on_log(self, text: str) -> None:
        self.logged.append(text)

    def on_result(self, message: dict[str, Any]) -> None:
        self.result = message

    def on_error(self, error: BSAFusionError) -> None:
        self.error = error


def ask_fuse(client: WorkerClient, folder: Path) -> Recorder:
    volume = Volume(np.full((3, 4, 5), 2.0, np.float32), np.diag([1.0, 2.0, 3.0, 1.0]), "one")
    other = volume.with_array(volume.array * 3)
    entries = {
        "fixed": write_volume(folder, "fixed", volume),
        "moving": write_volume(folder, "moving", other),
    }
    recorder = Recorder()
    client.ask("fuse", recorder, folder=str(folder), config={}, **entries)
    return recorder


def run(client: WorkerClient, folder: Path, loop: Loop) -> Recorder:
    recorder = ask_fuse(client, folder)
    loop.run_until(lambda: recorder.ended)
    return recorder


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]


def pid_of(client: WorkerClient) -> int:
    assert client._connection is not None
    assert client._connection.pid is not None
    return client._connection.pid


def test_volumes_go_to_the_worker_and_the_result_comes_back(
    new_client: NewClient, tmp_path: Path, loop: Loop
) -> None:
    recorder = run(new_client(), tmp_path, loop)
    assert recorder.result is not None
    result = read_result(tmp_path, recorder.result)
    np.testing.assert_array_equal(result.fused.array, np.full((3, 4, 5), 4.0))
    np.testing.assert_array_equal(result.fused.ijk_to_ras, np.diag([1.0, 2.0, 3.0, 1.0]))


def test_the_process_stays_for_the_next_request(new_client: NewClient, tmp_path: Path, loop: Loop) -> None:
    client = new_client()
    run(client, tmp_path, loop)
    first = pid_of(client)
    assert run(client, tmp_path, loop).result is not None
    assert pid_of(client) == first


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("crash", r"has crashed \(signal 11\): run again"),
        ("memory", "memory of this machine is used up: close"),
        ("disk", "disk that holds temporary files is full: free some space"),
        ("garble", "something unreadable.*run again"),
        ("odd", "something unreadable.*run again"),
        ("bug", r"gone wrong that should not \(KeyError: 'spacing'\): run again"),
    ],
)
def test_a_failure_is_a_sentence_and_the_next_run_works(
    new_client: NewClient, tmp_path: Path, loop: Loop, behaviour: str, sentence: str
) -> None:
    client = new_client(behaviour)
    error = run(client, tmp_path, loop).error
    assert isinstance(error, WorkerError)
    with pytest.raises(WorkerError, match=sentence):
        raise error
    client._command = new_client("well")._command
    client.stop()
    assert run(client, tmp_path, loop).result is not None


def test_an_input_error_arrives_as_itself_with_details(
    new_client: NewClient, tmp_path: Path, loop: Loop
) -> None:
    error = run(new_client("input"), tmp_path, loop).error
    assert isinstance(error, InputError)
    assert (error.message, error.details) == ("The fixed volume is odd: choose another.", "the details")


def test_what_libraries_print_goes_to_the_log_only(new_client: NewClient, tmp_path: Path, loop: Loop) -> None:
    assert "a library has something to say" in run(new_client("chatty"), tmp_path, loop).logged


def test_stop_ends_the_process_within_a_second(new_client: NewClient, tmp_path: Path, loop: Loop) -> None:
    client = new_client("slow")
    recorder = ask_fuse(client, tmp_path)
    loop.run_until(lambda: bool(recorder.steps))
    pid = pid_of(client)
    began = time.monotonic()
    client.stop()
    loop.run_until(lambda: not lives(pid))
    assert time.monotonic() - began < 1
    assert not recorder.ended


def test_a_worker_killed_from_outside_is_told(new_client: NewClient, tmp_path: Path, loop: Loop) -> None:
    client = new_client("slow")
    recorder = ask_fuse(client, tmp_path)
    loop.run_until(lambda: bool(recorder.steps))
    os.kill(pid_of(client), 9)
    loop.run_until(lambda: recorder.ended)
    assert "was ended from outside (signal 9), most likely because memory ran out" in str(recorder.error)


def test_an_idle_worker_ends_and_the_next_request_starts_another(
    new_client: NewClient, tmp_path: Path, loop: Loop
) -> None:
    client = new_client("well", "--idle", "0.1")
    run(client, tmp_path, loop)
    loop.run_until(lambda: not client.is_warm)
    assert run(client, tmp_path, loop).result is not None


def test_the_worker_ends_when_its_input_closes_and_removes_the_runs_folder(
    new_client: NewClient, tmp_path: Path, loop: Loop
) -> None:
    client = new_client("slow")
    recorder = ask_fuse(client, tmp_path)
    loop.run_until(lambda: bool(recorder.steps))
    assert client._connection is not None
    client._connection.process.close_input()
    loop.run_until(lambda: recorder.ended)
    assert not tmp_path.exists()


def test_a_silent_worker_is_given_up(new_client: NewClient, tmp_path: Path, loop: Loop) -> None:
    client = new_client("slow")
    recorder = ask_fuse(client, tmp_path)
    loop.run_until(lambda: bool(recorder.steps))
    client._clock = lambda: time.monotonic() + SILENCE_SECONDS + 1
    client.check_life()
    assert "silent for 120 s" in str(recorder.error)
    assert not client.is_warm


def test_a_worker_that_cannot_be_started_is_told(loop: Loop, tmp_path: Path) -> None:
    from BSAFusionLib.app.local_process import LocalProcess

    client = WorkerClient(lambda: LocalProcess(loop), ["/no/such/python"], {})
    assert "No such file" in str(run(client, tmp_path, loop).error)


def test_the_worker_dies_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(SCRIPT)], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert lives(worker)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while lives(worker) and time.monotonic() < end:
        time.sleep(0.01)
    assert not lives(worker)


_PARENT = """
import subprocess, sys, json
pipe = subprocess.PIPE
worker = subprocess.Popen([sys.executable, "-u", sys.argv[1], "slow"], stdin=pipe, stdout=pipe)
print(json.loads(worker.stdout.readline())["pid"], flush=True)
worker.wait()
"""
