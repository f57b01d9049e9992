import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other C libraries are left alone"
)

MEASURE = """
import re
from pathlib import Path
import numpy as np

def megabytes():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

def take_and_free_200():
    for _ in range(3):
        pages = np.ones(25_000_000)
        del pages

before = megabytes()
"""
ONE_RUN = """
from BSAFusionLib.engine.memory import give_memory_back, keep_memory

if {keep}:
    keep_memory()
take_and_free_200()
held = megabytes() - before
give_memory_back()
print(held, megabytes() - before)
"""
WORKER = """
from BSAFusionLib.engine.worker import main

def work(request, channel):
    take_and_free_200()
    return {"held": megabytes() - before}

def look(request, channel):
    return {"held": megabytes() - before}

main({"work": work, "look": look}, [])
"""


def held_and_left(keep: bool) -> tuple[float, float]:
    """Megabytes that a process holds after it has freed 200, and after it has given them back."""
    script = MEASURE + ONE_RUN.format(keep=keep)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    held, left = map(float, done.stdout.split())
    return held, left


def test_freed_memory_stays_until_it_is_given_back() -> None:
    held, left = held_and_left(keep=True)
    assert held > 150
    assert left < 50


def test_a_process_that_does_not_ask_for_it_holds_no_freed_memory() -> None:
    assert held_and_left(keep=False)[0] < 50


def test_a_worker_keeps_memory_while_it_works_and_gives_it_back_when_it_waits() -> None:
    command = [sys.executable, "-u", "-c", MEASURE + WORKER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        held = {}
        for op in ("work", "look"):
            worker.stdin.write(json.dumps({"op": op, "run": 1}) + "\n")
            worker.stdin.flush()
            answers = (json.loads(line) for line in worker.stdout)
            held[op] = next(answer["held"] for answer in answers if answer["event"] == "result")
    assert held["work"] > 150
    assert held["look"] < 50
