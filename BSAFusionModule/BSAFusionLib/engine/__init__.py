"""Volumes in, volumes out; knows nothing of Slicer.

The two functions import the computing parts, SimpleITK and PyTorch only when they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .config import FusionConfig
from .result import Cancel, FusionResult, Progress, SliceFusion
from .volume import Grid, Volume

if TYPE_CHECKING:
    from .network import FusionNetwork
    from .reference import Reference

__all__ = ["FusionConfig", "FusionResult", "Grid", "SliceFusion", "Volume", "fuse", "fuse_slices"]


def fuse(
    fixed: Volume,
    moving: Volume,
    config: FusionConfig | None = None,
    model: FusionNetwork | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    reference: Reference | None = None,
) -> FusionResult:
    """Register moving to fixed and fuse both; see pipeline.fuse."""
    from .pipeline import fuse as fuse_volumes

    return fuse_volumes(fixed, moving, config, model, progress, cancel, reference)


def fuse_slices(
    fixed: NDArray[np.float32],
    moving: NDArray[np.float32],
    model: FusionNetwork | None = None,
    device: str = "cpu",
) -> SliceFusion:
    """Register and fuse stacks of slices, (N, H, W) in [0, 1]; see slice_fusion.fuse_slices."""
    from .slice_fusion import fuse_slices as fuse_stacks

    return fuse_stacks(fixed, moving, model, device)
