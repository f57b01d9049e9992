"""How the panel behaves: python -m Testing.bench.bench_panel [open] [run] [endure | spoil]."""

from __future__ import annotations

import argparse
import json
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
    """Measures how long the event loop was held up: by the clock, and by work of its own thread."""

    def __init__(self) -> None:
        import qt

        self.wall: list[float] = []
        self.work: list[float] = []
        self._last = self._now()
        self._timer = qt.QTimer()
        self._timer.connect("timeout()", self._beat)
        self._timer.start(1)

    @staticmethod
    def _now() -> tuple[float, float]:
        return 1000 * time.perf_counter(), 1000 * time.thread_time()

    def _beat(self) -> None:
        now = self._now()
        self.wall.append(now[0] - self._last[0])
        self.work.append(now[1] - self._last[1])
        self._last = now

    def restart(self) -> None:
        self.wall.clear()
        self.work.clear()
        self._last = self._now()

    def stop(self) -> None:
        self._timer.stop()


def bench_run(panel: Any) -> None:
    """A 256 x 256 x 60 pair when the worker is warm, and the blocks of a 256 x 256 x 180 one."""
    pulse = Pulse()
    for slices, runs in ((60, 3), (180, 1)):
        _load(panel, 256, slices)
        if slices == 60:
            _fuse(panel)  # warms the worker
        measured = [_measure(panel, pulse) for _ in range(runs)]
        own, more, wall, work = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"256 x 256 x {slices:3}: engine    {own:8.1f} s")
        print(f"  click to result, more   {more:8.2f} s    (at most 2)")
        print(f"  longest block           {wall:8.0f} ms   ({work:.0f} ms of work; at most 100)", flush=True)
    pulse.stop()


def _measure(panel: Any, pulse: Pulse) -> tuple[float, float, float, float]:
    """One run: the engine's seconds, those from click to result beyond them, longest block and work in ms."""
    pulse.restart()
    began = time.perf_counter()
    _fuse(panel)
    total = time.perf_counter() - began
    text = panel.ui.detailsText.plainText
    own = sum(json.loads(text[text.index("{") :])["seconds"].values())
    return own, total - own, max(pulse.wall), max(pulse.work)


def bench_endure(panel: Any, runs: int = 50) -> None:
    """Many runs, 20 cancels at random times and 10 killed workers on a small pair."""
    random.seed(1)
    _load(panel, 32, 10)
    panel.ui.alignmentCombo.currentIndex = panel.ui.alignmentCombo.count - 1  # none: many short runs
    _fuse(panel)
    before = _holdings()
    print(f"before                    {before}", flush=True)
    for number in range(1, runs + 1):
        _fuse(panel)
        if number % 10 == 0:
            print(f"after {number:2} runs             {_holdings()}", flush=True)
    ends = [_cancel(panel) for _ in range(20)]
    print(f"20 cancels: slowest       {1000 * max(ends):8.0f} ms   (at most 1000)")
    for _ in range(10):
        _kill(panel)
    _fuse(panel)
    print(f"after them and a run      {_holdings()}")
    panel.panel.controller.close()
    desktop.process_events()
    print(f"after closing             {_holdings()}")


def _holdings() -> str:
    """What this process holds."""
    import slicer

    scene = slicer.mrmlScene
    held = {
        "nodes": scene.GetNumberOfNodes(),
        "observers": str(scene).count("vtkObserver"),
        "processes": len(_children()),
        "open files": len(list(Path("/proc/self/fd").iterdir())),
        "folders": len(list(Path(tempfile.gettempdir()).glob(f"bsafusion-run-{os.getpid()}-*"))),
        "MB": round(_memory(os.getpid())),
        "MB in the worker": round(sum(_memory(pid) for pid in _children())),
    }
    return ", ".join(f"{number} {name}" for name, number in held.items())


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
    desktop.wait_for(lambda: not _children() and _idle(panel))
    return time.perf_counter() - began


def _kill(panel: Any) -> None:
    panel.ui.fuseButton.click()
    worker = panel.panel.controller._worker
    desktop.wait_for(lambda: bool(worker._connection and worker._connection.pid))
    time.sleep(random.uniform(0.0, 1.0))
    os.kill(worker._connection.pid, signal.SIGKILL)
    desktop.wait_for(lambda: _idle(panel))
    if "signal 9" not in panel.ui.resultLabel.text and panel.panel.controller.state.value != "done":
        raise RuntimeError(panel.ui.resultLabel.text)


def _memory(pid: int) -> float:
    """Resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


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
