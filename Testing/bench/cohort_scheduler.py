"""What one task costs Dask's scheduler and the client that hands it out, on tasks that do nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from distributed import Client, as_completed

_RECORD = {"id": "pair-000001", "status": "done", "numbers": {f"number_{n}": n / 7 for n in range(30)}}
_REQUEST = {"fixed": "/data/cohort/fixed.nii.gz", "config": {f"option_{n}": "value" for n in range(12)}}


def measure_scheduler(tasks: int) -> dict[str, float]:
    """Run tasks of the size of real ones, on a scheduler in a process of its own and 2 workers."""
    dask = str(Path(sys.executable).parent / "dask")
    options = ["--port", "0", "--host", "127.0.0.1", "--no-dashboard"]
    here = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": here}  # both must find this file
    scheduler = subprocess.Popen(
        [dask, "scheduler", *options], stderr=subprocess.PIPE, text=True, env=environment
    )
    workers = []
    try:
        address = _address(scheduler)
        command = [dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        workers = [subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) for _ in range(2)]
        with Client(address) as client:
            client.wait_for_workers(2)
            return _measure(client, psutil.Process(scheduler.pid), tasks)
    finally:
        for process in [*workers, scheduler]:
            process.terminate()
            process.wait()


def _measure(client: Client, scheduler: psutil.Process, tasks: int) -> dict[str, float]:
    own = psutil.Process()
    before = [_used(process) for process in (scheduler, own)]
    memory, began = scheduler.memory_info().rss, time.perf_counter()
    keys = [f"bench-{n}" for n in range(tasks)]
    requests = [{**_REQUEST, "id": key} for key in keys]
    waiting = as_completed(client.map(_nothing, requests, key=keys, pure=False, batch_size=1000))
    most = memory
    for number, future in enumerate(waiting):
        future.result()
        future.release()
        if number % 500 == 0:
            most = max(most, scheduler.memory_info().rss)
    wall = time.perf_counter() - began
    after = [_used(process) for process in (scheduler, own)]
    return {
        "tasks": tasks,
        "tasks_per_second": round(tasks / wall, 1),
        "scheduler_ms_per_task": round(1000 * (after[0] - before[0]) / tasks, 3),
        "client_ms_per_task": round(1000 * (after[1] - before[1]) / tasks, 3),
        "scheduler_kb_per_waiting_task": round((most - memory) / 1024 / tasks, 2),
    }


def _nothing(request: dict[str, Any]) -> dict[str, Any]:
    return {**_RECORD, "id": request["id"]}


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _address(scheduler: subprocess.Popen[str]) -> str:
    assert scheduler.stderr is not None
    for line in scheduler.stderr:
        found = re.search(r"Scheduler at:\s+(tcp\S+)", line)
        if found:
            return found[1]
    raise RuntimeError("the scheduler did not start")
