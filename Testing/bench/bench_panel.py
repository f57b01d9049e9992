"""How the panel behaves: python -m Testing.bench.bench_panel [open] [run] [endure | spoil]."""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from Testing.host import desktop

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "BSAFusionModule" / "BSAFusion.py"
_OPENING = """
import sys, time
from Testing.host import desktop
desktop.start()
from pathlib import Path
clocks = (time.perf_counter, time.process_time)
began = [clock() for clock in clocks]
entry = desktop.load_module(Path(sys.argv[1]))
loaded = [clock() for clock in clocks]
with desktop.opened(entry):
    opened = [clock() for clock in clocks]
    heavy = [name for name in ("torch", "SimpleITK") if name in sys.modules]
    times = [1000 * (end - start) for start, end in [*zip(began, loaded), *zip(loaded, opened)]]
    print(*times, len(heavy), flush=True)
    __import__("os")._exit(0)
"""


def bench_open() -> None:
    """Start-up and opening, each in five fresh processes."""
    rows = []
    for _ in range(5):
        output = subprocess.run(
            [sys.executable, "-c", _OPENING, str(MODULE)],
            capture_output=True,
            check=True,
            text=True,
            cwd=ROOT,
        )
        rows.append([float(x) for x in output.stdout.split()])
    medians = [statistics.median(column) for column in zip(*rows, strict=True)]
    start_up, start_cpu, opening, opening_cpu, heavy = medians
    print(f"start-up cost             {start_up:8.0f} ms   ({start_cpu:.0f} ms of processor; at most 20)")
    print(f"opening the panel         {opening:8.0f} ms   ({opening_cpu:.0f} ms of processor; at most 300)")
    print(f"torch, SimpleITK imported {heavy:8.0f}")


class Pulse:
    """Measures how long the event loop was held up."""

    def __init__(self) -> None:
        import qt

        self._last = time.perf_counter()
        self.gaps: list[float] = []
        self._timer = qt.QTimer()
        self._timer.connect("timeout()", self._beat)
        self._timer.start(1)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now

    def restart(self) -> None:
        self.gaps.clear()
        self._last = time.perf_counter()

    def stop(self) -> None:
        self._timer.stop()


def bench_run(panel: Any) -> None:
    """A 256 x 256 x 60 pair when the worker is warm, and the blocks of a 256 x 256 x 180 one."""
    import json

    pulse = Pulse()
    for slices in (60, 180):
        _load(panel, 256, slices)
        if slices == 60:
            _fuse(panel)  # warms the worker
        seconds = []
        publishing, other = [], []
        for _ in range(3 if slices == 60 else 1):
            pulse.restart()
            began = time.perf_counter()
            _fuse(panel)
            total = time.perf_counter() - began
            own = sum(json.loads(panel.ui.detailsText.plainText)["seconds"].values())
            seconds.append((total - own, own))
            gaps = sorted(pulse.gaps)
            publishing.append(gaps[-1])
            other.append(gaps[-2])
        overhead = statistics.median(pair[0] for pair in seconds)
        own = statistics.median(pair[1] for pair in seconds)
        print(f"256 x 256 x {slices:3}: engine    {own:8.1f} s")
        print(f"  click to result, more   {overhead:8.2f} s    (at most 2)")
        print(f"  longest block           {max(publishing):8.0f} ms   (publishing, at most 500)")
        print(f"  next longest            {max(other):8.0f} ms   (at most 100)")
    pulse.stop()


def bench_endure(panel: Any, runs: int = 50) -> None:
    """Many runs, 20 cancels at random times and 10 killed workers on a small pair."""
    import slicer

    random.seed(1)
    _load(panel, 64, 16)
    _fuse(panel)
    nodes, observers = slicer.mrmlScene.GetNumberOfNodes(), str(slicer.mrmlScene).count("vtkObserver")
    memory = _memory()
    for number in range(runs):
        _fuse(panel)
        if number % 10 == 9:
            print(
                f"memory after {number + 1:2} runs     {_memory():8.0f} MB   (began with {memory:.0f})",
                flush=True,
            )
    ends = [_cancel(panel) for _ in range(20)]
    print(f"20 cancels: slowest       {1000 * max(ends):8.0f} ms   (at most 1000)")
    for _ in range(10):
        _kill(panel)
    _fuse(panel)
    left = list(Path(tempfile.gettempdir()).glob(f"bsafusion-run-{os.getpid()}-*"))
    panel.panel.controller.close()
    desktop.process_events()
    print(f"nodes left                {slicer.mrmlScene.GetNumberOfNodes() - nodes:8}")
    print(f"observers left            {str(slicer.mrmlScene).count('vtkObserver') - observers:8}")
    print(f"folders left              {len(left):8}")
    print(f"processes left            {_children():8}")
    print(f"memory                    {_memory():8.0f} MB   (began with {memory:.0f})")


def _load(panel: Any, size: int, slices: int) -> None:
    import slicer
    from BSAFusionLib.engine.phantom import head_pair
    from BSAFusionLib.scene.add_volume import add_volume

    slicer.mrmlScene.Clear()
    pair = head_pair(size, slices)
    for volume in (pair.fixed, pair.moving):
        add_volume(slicer.mrmlScene, volume)
    panel.enter()


def _idle(panel: Any) -> bool:
    return not panel.panel.controller.state.is_busy


def _fuse(panel: Any) -> None:
    panel.ui.fuseButton.click()
    _spin(panel)
    if panel.panel.controller.state.value != "done":
        raise RuntimeError(panel.ui.resultLabel.text)


def _spin(panel: Any) -> None:
    import slicer

    while not _idle(panel):
        slicer.app.processEvents()
        time.sleep(0.0005)


def _cancel(panel: Any) -> float:
    panel.ui.fuseButton.click()
    end = time.perf_counter() + random.uniform(0.0, 2.0)
    while time.perf_counter() < end and not _idle(panel):
        desktop.process_events()
    began = time.perf_counter()
    if not _idle(panel):
        panel.ui.fuseButton.click()
    desktop.wait_for(lambda: _children() == 0 or _idle(panel))
    return time.perf_counter() - began


def _kill(panel: Any) -> None:
    panel.ui.fuseButton.click()
    worker = panel.panel.controller._worker
    desktop.wait_for(lambda: bool(worker._connection and worker._connection.pid))
    time.sleep(random.uniform(0.0, 1.0))
    os.kill(worker._connection.pid, signal.SIGKILL)
    desktop.wait_for(lambda: _idle(panel))
    if "signal 9" not in panel.ui.resultLabel.text:
        raise RuntimeError(panel.ui.resultLabel.text)


def _memory() -> float:
    """Resident memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _children() -> int:
    return len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "parts", nargs="*", default=["open", "run", "endure"], help="spoil: endure without the runs"
    )
    parts = parser.parse_args().parts
    if "open" in parts:
        bench_open()
    desktop.start()
    with desktop.opened(desktop.load_module(MODULE)) as panel:
        if "run" in parts:
            bench_run(panel)
        if "endure" in parts:
            bench_endure(panel)
        if "spoil" in parts:
            bench_endure(panel, runs=0)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
