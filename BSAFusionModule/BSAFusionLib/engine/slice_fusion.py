"""Fusion of 2-D slices as they are: no geometry, no third dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .network import FusionNetwork, load_network
from .result import SliceFusion
from .slices import SMALLEST_SIDE

_BATCH_PIXELS = 8 * 256 * 256


def fuse_slices(
    fixed: NDArray[np.float32],
    moving: NDArray[np.float32],
    model: FusionNetwork | None = None,
    device: str = "cpu",
) -> SliceFusion:
    """Register and fuse every slice of two stacks by itself.

    fixed, moving: (N, H, W), finite, in [0, 1], H and W at least 32; computed in float32.
    model: the default network on device (auto, cpu, cuda, mps) when None.
    Raises InputError for arrays of another kind, ModelError and DependencyError when the network cannot run.
    """
    _check_stack(fixed, "fixed")
    _check_stack(moving, "moving")
    if fixed.shape != moving.shape:
        raise InputError(
            f"The fixed slices are {fixed.shape} and the moving slices {moving.shape}: give both one shape."
        )
    network = model or load_network(device)
    step = max(1, _BATCH_PIXELS // (fixed.shape[1] * fixed.shape[2]))
    fused = np.empty(fixed.shape, np.float32)
    displacement = np.empty((len(fixed), 2, *fixed.shape[1:]), np.float32)
    for start in range(0, len(fixed), step):
        part = slice(start, start + step)
        fused[part], displacement[part] = network.fuse(
            fixed[part].astype(np.float32), moving[part].astype(np.float32)
        )
    return SliceFusion(np.clip(fused, 0, 1), displacement)


def _check_stack(stack: NDArray[np.float32], role: str) -> None:
    label = f"The {role} slices"
    if not isinstance(stack, np.ndarray) or stack.ndim != 3 or stack.dtype.kind != "f":
        raise InputError(f"{label} are not an (N, H, W) array of floating-point numbers: convert them.")
    if min(stack.shape[1:]) < SMALLEST_SIDE or len(stack) == 0:
        raise InputError(
            f"{label} have the shape {stack.shape}: give at least one of {SMALLEST_SIDE} x {SMALLEST_SIDE}."
        )
    bad = stack.size - int(np.isfinite(stack).sum())
    if bad:
        raise InputError(f"{label} hold {bad} values that are not finite numbers: replace them.")
    if stack.min() < 0 or stack.max() > 1:
        raise InputError(
            f"{label} hold values from {stack.min():g} to {stack.max():g}: scale them to lie between 0 and 1."
        )
