"""Calling later on the main thread: from Qt's event loop in the panel, from a loop of our own in a script."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable
from typing import Protocol


class Scheduler(Protocol):
    """Calls functions later, on the main thread."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds; 0 means as soon as other events have been seen to."""


class Loop:
    """A scheduler for scripts: runs what is due and what other threads hand over."""

    def __init__(self) -> None:
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._handed_over: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds, from run_until."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), call))

    def hand_over(self, call: Callable[[], None]) -> None:
        """Call from run_until; may be used from any thread."""
        self._handed_over.put(call)

    def run_until(self, done: Callable[[], bool]) -> None:
        """Run until done() holds."""
        while not done():
            now = time.monotonic()
            if self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2]()
                continue
            pause = min(self._timers[0][0] - now, 0.1) if self._timers else 0.1
            try:
                self._handed_over.get(timeout=pause)()
            except queue.Empty:
                continue
