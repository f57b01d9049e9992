"""What happens to a cohort when things go wrong, with real processes."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from BSAFusionLib.engine import Volume
from BSAFusionLib.engine.io import read_volume, write_volume

from Testing.bench.json_lines import pairs_done

_EVERY = 10  # one pair in ten is corrupt
_HUGE = (400, 512, 512)  # kji: a pair that no worker of _MEMORY can hold
_MEMORY = "1.3GB"
Event = dict[str, Any]


def drill_workers(table: Path, out: Path) -> str:
    """Two workers, one pair in ten corrupt, one too large for the memory; two workers are killed."""
    spoilt = _spoilt_table(table)
    killed: list[int] = []

    def kill_one(event: Event) -> None:
        if event["done"] in (8, 20) and event["record"]["status"] == "done":
            killed.append(_last_worker(out))
            os.kill(killed[-1], signal.SIGKILL)

    status = _run(spoilt, out, kill_one, "--workers", "2", "--memory", _MEMORY)
    return f"exit status {status}, workers killed: {len(killed)}\n{_summary(out)}"


def drill_scheduler(table: Path, out: Path) -> str:
    """A scheduler of its own is killed after ten pairs; then a new one, and --resume."""
    with _scheduler() as (address, process):

        def kill(event: Event) -> None:
            if event["done"] == 10:
                process.kill()

        first = _run(table, out, kill, "--scheduler", address)
    before = _summary(out)
    with _scheduler() as (address, _):
        second = _run(table, out, None, "--scheduler", address, "--resume")
    return f"scheduler killed: exit status {first}\n{before}\nresumed: exit status {second}\n{_summary(out)}"


def _run(table: Path, out: Path, react: Callable[[Event], None] | None, *options: str) -> int:
    command = [sys.executable, "-m", "BSAFusionLib", "batch", str(table), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--init", "none", "--json", *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "error":
            print(event)
        if event["event"] == "pair" and react is not None:
            react(event)
    return process.wait()


def _last_worker(out: Path) -> int:
    return int(pairs_done(out)[-1]["worker"].rpartition(":")[2])


def _summary(out: Path) -> str:
    """How many pairs stand in the table, with which status, why, and whether any was journalled twice."""
    with (out / "cohort.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    done = Counter(record["id"] for record in pairs_done(out))
    left = list(out.rglob(".*"))
    return "\n".join(
        [
            f"  {len(rows)} rows: {dict(Counter(row['status'] for row in rows))}",
            f"  done twice: {sum(count > 1 for count in done.values())}, left behind: {len(left)}",
            *(f"  {row['id']}: {row['reason']}" for row in rows if row["status"] != "done" and row["reason"]),
        ]
    )


def _spoilt_table(table: Path) -> Path:
    """The cohort with every tenth pair spoilt in another way, and a pair that is too large."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        if number % _EVERY == _EVERY - 1:
            source = table.parent / row["moving"]
            target = source.with_name(f"spoilt-{source.name}")
            _SPOILERS[number // _EVERY % len(_SPOILERS)](source, target)
            row["moving"] = target.name
    template = read_volume(table.parent / rows[0]["fixed"])
    noise = np.random.default_rng(1).random(_HUGE, dtype=np.float32)
    for role, values in (("fixed", noise), ("moving", noise[::-1].copy())):
        write_volume(Volume(values, template.ijk_to_ras, role), table.parent / f"huge-{role}.nrrd")
    rows.append(
        {**rows[0], "id": "huge", "fixed": "huge-fixed.nrrd", "moving": "huge-moving.nrrd", "landmarks": ""}
    )
    spoilt = table.with_name("spoilt.csv")
    with spoilt.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return spoilt


def _cut_short(source: Path, target: Path) -> None:
    content = source.read_bytes()
    target.write_bytes(content[: len(content) // 2])


def _scrambled(source: Path, target: Path) -> None:
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = os.urandom(4096)
    target.write_bytes(content)


def _empty(source: Path, target: Path) -> None:
    del source
    target.write_bytes(b"")


def _not_numbers(source: Path, target: Path) -> None:
    volume = read_volume(source)
    write_volume(Volume(np.full_like(volume.array, np.nan), volume.ijk_to_ras, volume.name), target)


_SPOILERS = (_cut_short, _scrambled, _empty, _not_numbers)


@contextmanager
def _scheduler() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A scheduler with two workers, each a process of its own."""
    dask = str(Path(sys.executable).parent / "dask")
    folder = Path(tempfile.mkdtemp(prefix="dask-drill-"))
    file = folder / "scheduler.json"
    options = ["--port", "0", "--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    scheduler = subprocess.Popen([dask, "scheduler", *options], stderr=subprocess.DEVNULL)
    workers = []
    try:
        while not file.exists():
            time.sleep(0.2)
        address = json.loads(file.read_text())["address"]
        command = [
            dask,
            "worker",
            address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--local-directory",
            str(folder),
        ]
        workers = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
        yield address, scheduler
    finally:
        for process in [*workers, scheduler]:
            process.terminate()
        for process in [*workers, scheduler]:
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(1)
