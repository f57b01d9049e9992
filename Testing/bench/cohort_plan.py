"""A large cohort, simulated: measured times of pairs on many workers that are lost now and then."""

from __future__ import annotations

import heapq
import random
from pathlib import Path
from typing import Any

from Testing.bench.json_lines import pairs_done

_DAY = 86400.0


def print_plan(run: Path, assumed: dict[str, Any]) -> None:
    """Print the plan for a cohort like the one in run."""
    done = pairs_done(run)
    times = [record["seconds"] for record in done]
    mean = sum(times) / len(times)
    if assumed["seconds"]:
        times = [seconds * assumed["seconds"] / mean for seconds in times]
    mean = sum(times) / len(times)
    megabytes = assumed["megabytes"] or sum(_megabytes(run, record) for record in done) / len(done)
    wall, busy, lost = simulate(times, assumed)
    workers, pairs = assumed["workers"], assumed["pairs"]
    rate = workers / mean
    terabytes = pairs * megabytes / 1e6
    price = workers * wall / 3600 * assumed["price_per_hour"]
    print(f"pair: {mean:.1f} s (measured spread kept), {megabytes:.0f} MB read and written")
    print(
        f"{pairs} pairs on {workers} workers: {wall / 3600:.1f} h, "
        f"workers busy {busy:.1%}, {lost} pairs begun twice"
    )
    print(f"scheduler: {rate:.1f} pairs/s, {rate * assumed['scheduler_ms'] / 1000:.1%} of one core")
    print(f"storage: {rate * megabytes:.0f} MB/s on average, {terabytes:.1f} TB in all")
    print(f"cost: {workers} x {wall / 3600:.1f} h x {assumed['price_per_hour']} = {price:.0f} for workers,")
    print(
        f"  {terabytes:.1f} TB x {assumed['price_per_terabyte_month']} = "
        f"{terabytes * assumed['price_per_terabyte_month']:.0f} a month for storage"
    )


def simulate(times: list[float], assumed: dict[str, Any]) -> tuple[float, float, int]:
    """Wall seconds, share of it that workers compute, and pairs begun again, for pairs drawn from times."""
    draw = random.Random(0)
    workers = [(0.0, number) for number in range(assumed["workers"])]
    ends_at = [draw.expovariate(assumed["losses_per_day"] / _DAY) for _ in workers]
    left, lost, useful, last = assumed["pairs"], 0, 0.0, 0.0
    while left:
        now, number = heapq.heappop(workers)
        seconds = draw.choice(times)
        if now + seconds > ends_at[number]:
            now = max(now, ends_at[number]) + assumed["start_seconds"]
            ends_at[number] = now + draw.expovariate(assumed["losses_per_day"] / _DAY)
            lost += 1
        else:
            now += seconds
            left, useful, last = left - 1, useful + seconds, max(last, now)
        heapq.heappush(workers, (now, number))
    return last, useful / last / assumed["workers"], lost


def _megabytes(run: Path, record: dict[str, Any]) -> float:
    files = [Path(record["fixed"]), Path(record["moving"]), *(run / name for name in record["files"])]
    return sum(file.stat().st_size for file in files) / 1e6
