"""Progress, cancel and time of one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import Cancelled
from .result import Cancel, Progress


@dataclass
class Run:
    """Tells the user where a run is, and stops it with Cancelled when asked.

    seconds: time of every finished step.
    """

    progress: Progress | None = None
    cancel: Cancel | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def tell(self, step: str, done: int, total: int) -> None:
        """Report progress, unless the user has cancelled."""
        if self.cancel is not None and self.cancel():
            raise Cancelled
        if self.progress is not None:
            self.progress(step, done, total)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; name is a short phrase for the user."""
        self.tell(name, 0, 1)
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began
        self.tell(name, 1, 1)

    def batches(self, name: str, slices: NDArray[np.intp], size: int) -> Iterator[NDArray[np.intp]]:
        """Go through slices, size at a time, as a timed step."""
        began = time.perf_counter()
        for start in range(0, len(slices), size):
            self.tell(name, start, len(slices))
            yield slices[start : start + size]
        self.seconds[name] = time.perf_counter() - began
        self.tell(name, len(slices), len(slices))
