"""One step recorded on a CUDA device and replayed: thousands of small launches then cost next to nothing."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

ORDINARY_RUNS = 3
"""Libraries choose their algorithms and optimisers make their state in these; recording comes after."""


class Replay:
    """Calls a function: a few times as it is, then by replaying a recording of it (CUDA graph).

    The function must not wait for the device, and whatever changes between calls must lie in tensors there.
    Its results are overwritten by the next call.
    """

    def __init__(self, work: Callable[[], dict[str, Tensor]], generator: torch.Generator) -> None:
        self.work, self.runs = work, 0
        self.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(generator)
        self.results: dict[str, Tensor] = {}

    def __call__(self) -> dict[str, Tensor]:
        """Run once more."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            if self.runs < ORDINARY_RUNS:
                self.results = self.work()
            else:
                if self.runs == ORDINARY_RUNS:
                    self.record()
                self.graph.replay()
        torch.cuda.current_stream().wait_stream(self.stream)
        self.runs += 1
        return self.results

    def record(self) -> None:
        """Record the function without running it."""
        with torch.cuda.graph(self.graph, stream=self.stream):
            self.results = self.work()
