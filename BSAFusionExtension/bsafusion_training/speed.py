"""How fast a model is: slices per second by batch size and precision."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

RUNS = 7


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Return the median time of some runs, after two that do not count."""
    times = []
    for _ in range(RUNS + 2):
        began = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return statistics.median(times[2:])


def slices(count: int, size: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return two stacks of smooth random slices, (count, 1, size, size)."""
    coarse = torch.rand(2 * count, 1, size // 8, size // 8, generator=torch.Generator().manual_seed(1))
    images = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
    fixed, moving = images.to(device, dtype, memory_format=torch.channels_last).chunk(2)
    return fixed, moving


@torch.inference_mode()
def table(model: Path, batches: list[int], sizes: list[int], device: torch.device, half: bool) -> str:
    """Return milliseconds a slice for registering, blending and both, as a Markdown table."""
    began = time.perf_counter()
    network = torch.jit.load(str(model), map_location=device).eval()  # type: ignore[no-untyped-call]
    loading = time.perf_counter() - began
    lines = [
        f"{device}, {torch.get_num_threads()} threads; loaded in {loading:.2f} s",
        "| size | batch | precision | register, ms a slice | blend | both | slices a second |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for dtype in (torch.float32, torch.float16) if half else (torch.float32,):
        network = network.to(dtype)
        for size in sizes:
            for batch in batches:
                pair = slices(batch, size, device, dtype)
                parts = [
                    1000 / batch * seconds(partial(part, *pair), device)
                    for part in (network.register, network.blend, network)
                ]
                cells = " | ".join(f"{part:.1f}" for part in parts)
                name = str(dtype).removeprefix("torch.")
                lines.append(f"| {size} | {batch} | {name} | {cells} | {1000 / parts[2]:.1f} |")
    return "\n".join(lines)
