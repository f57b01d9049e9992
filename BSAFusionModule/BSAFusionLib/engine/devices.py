"""Where a network can run; torch is imported inside functions only."""

from __future__ import annotations

import os

from .errors import DependencyError


def available_devices() -> tuple[str, ...]:
    """Devices that a network can run on here, the fastest first; cpu is always among them.

    Raises DependencyError when PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise DependencyError(
            "PyTorch is not installed: install the PyTorch extension in Slicer, or torch with pip elsewhere.",
            str(error),
        ) from error
    cuda = ("cuda",) if torch.cuda.is_available() else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def count_gpus() -> int:
    """NVIDIA GPUs that this process may use; 0 where PyTorch is missing."""
    try:
        import torch
    except ImportError:
        return 0
    return torch.cuda.device_count()


def describe_devices() -> dict[str, str]:
    """Name each device that is there, the fastest first, with its free memory where that is known."""
    import torch

    described = {}
    for device in available_devices():
        if device == "cuda":
            free, total = torch.cuda.mem_get_info()
            described[device] = f"{torch.cuda.get_device_name()}, {_of(free, total)}"
        elif device == "cpu" and "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {}):
            free, total = (
                os.sysconf(n) * os.sysconf("SC_PAGE_SIZE") for n in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES")
            )
            threads = torch.get_num_threads()
            described[device] = f"processor, {threads} thread{'s' * (threads > 1)}, {_of(free, total)}"
        else:
            described[device] = "Apple graphics" if device == "mps" else "processor"
    return described


def _of(free: int, total: int) -> str:
    return f"{free / 2**30:.1f} of {total / 2**30:.1f} GB free"


def resolve_device(name: str) -> str:
    """Turn auto, cpu, cuda or mps into a device that is there; DependencyError when it is not."""
    there = available_devices()
    if name == "auto":
        return there[0]
    if name not in there:
        raise DependencyError(
            f"The device '{name}' is not available here: choose one of auto, {', '.join(there)}."
        )
    return name


def set_threads(count: int) -> None:
    """Let the network and SimpleITK use this many threads of the processor, in the whole process."""
    import SimpleITK as sitk
    import torch

    torch.set_num_threads(count)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(count)
