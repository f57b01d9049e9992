"""How cohorts behave: python -m Testing.bench.bench_cohort COMMAND --help, of the commands below."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from Testing.bench.cohort_drills import drill_scheduler, drill_workers
from Testing.bench.cohort_pairs import make_cohort
from Testing.bench.cohort_plan import print_plan
from Testing.bench.cohort_scheduler import measure_scheduler
from Testing.bench.json_lines import pairs_done


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    prepare = commands.add_parser("prepare", help="make a cohort with a known truth")
    prepare.add_argument("folder", type=Path)
    prepare.add_argument("--patients", type=Path, required=True)
    prepare.add_argument("--cache", type=Path, default=Path(".cache"))
    prepare.add_argument("--count", type=int, default=40)
    measure = commands.add_parser("measure", help="fuse a cohort with 1 worker, then with more")
    measure.add_argument("table", type=Path)
    measure.add_argument("out", type=Path)
    measure.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    measure.add_argument("options", nargs="*", default=["--init", "none"], help="of bsafusion batch")
    drill = commands.add_parser("drill", help="kill workers and a scheduler, spoil inputs")
    drill.add_argument("table", type=Path)
    drill.add_argument("out", type=Path)
    scheduler = commands.add_parser("scheduler", help="what a task costs Dask's scheduler and the client")
    scheduler.add_argument("--tasks", type=int, default=5000)
    plan = commands.add_parser("plan", help="simulate a large cohort from the times of a measured one")
    plan.add_argument("run", type=Path, help="folder of a run of bsafusion batch")
    for name, default in _ASSUMPTIONS.items():
        plan.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    chosen = parser.parse_args()
    if chosen.command == "prepare":
        print(make_cohort(chosen.folder, chosen.patients, chosen.cache, chosen.count))
    elif chosen.command == "measure":
        for workers in chosen.workers:
            print(_measured(chosen.table, chosen.out / f"workers-{workers}", workers, chosen.options))
    elif chosen.command == "drill":
        print(drill_workers(chosen.table, chosen.out / "workers"))
        print(drill_scheduler(chosen.table, chosen.out / "scheduler"))
    elif chosen.command == "scheduler":
        print(json.dumps(measure_scheduler(chosen.tasks), indent=2))
    else:
        print_plan(chosen.run, {name: getattr(chosen, name) for name in _ASSUMPTIONS})


_ASSUMPTIONS: dict[str, Any] = {
    "pairs": 100_000,
    "workers": 100,
    "seconds": 0.0,  # of a pair; 0: as in the run
    "megabytes": 0.0,  # read and written for a pair; 0: as in the run
    "losses_per_day": 1.0,  # of each worker, as with spot instances
    "start_seconds": 30.0,  # of a worker that comes in place of a lost one
    "scheduler_ms": 1.0,  # processor time of the scheduler for a task; see the command scheduler
    "price_per_hour": 2.0,  # of a worker with one GPU
    "price_per_terabyte_month": 20.0,
}


def _measured(table: Path, out: Path, workers: int, options: list[str]) -> str:
    """Run the cohort and say how long it took, how much of that was fusing, and what memory did."""
    command = [sys.executable, "-m", "BSAFusionLib", "batch", str(table), "--out", str(out)]
    began, before = time.perf_counter(), os.times()
    process = psutil.Popen([*command, "--workers", str(workers), *options], stdout=subprocess.DEVNULL)
    process.wait()
    wall, after = time.perf_counter() - began, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    records = pairs_done(out)
    pairs = sum(record["seconds"] for record in records)
    memory: dict[str, list[float]] = {}
    for record in records:
        memory.setdefault(record["worker"], []).append(record["memory_mb"])
    return "\n".join(
        [
            f"{workers} workers: {len(records)} pairs in {wall:.1f} s, {3600 * len(records) / wall:.0f}/h",
            f"  outside of pairs: {wall - pairs / workers:.1f} s of wall time",
            f"  processor: {processor:.1f} s in all, {sum(r['cpu_seconds'] for r in records):.1f} s in pairs",
            *(f"  memory of {name}: {_trend(values)}" for name, values in memory.items()),
        ]
    )


def _trend(values: list[float]) -> str:
    """Median after the first, the middle and the last third of a worker's pairs."""
    third = max(1, len(values) // 3)
    parts = (values[:third], values[third:-third] or values, values[-third:])
    return ", ".join(f"{statistics.median(part):.0f}" for part in parts) + f" MB, most {max(values):.0f}"


if __name__ == "__main__":
    main()
