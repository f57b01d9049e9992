"""What a fusion gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inverse import InverseTransform
from .volume import Volume

Progress = Callable[[str, int, int], None]
"""Called as progress(step, done, total) from the computing thread; step is a short phrase for the user."""

Cancel = Callable[[], bool]
"""Asked between steps and batches; True stops the run with Cancelled."""


@dataclass(frozen=True, eq=False)
class SliceFusion:
    """Fused slices and their displacement.

    fused: (N, H, W) float32 in [0, 1].
    displacement: (N, 2, H, W) float32 in pixels, channel 0 along columns (x), channel 1 along rows (y);
    aligned(x) = moving(x + displacement(x)).
    """

    fused: NDArray[np.float32]
    displacement: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FusionResult:
    """Everything one run has made, on the fixed volume's grid.

    fused: grey picture of both, values in [0, 1]; for display only.
    aligned: the moving volume, in its own units, resampled once with the total transform.
    displacement: u, float32, (K, J, I, 3), mm, RAS components, at the fixed grid's voxel centres.
    initial: 4 x 4 float64, RAS mm; the linear alignment, applied after u.
        moving point = initial @ (fixed point + u(fixed point)).
    fused_color: uint8, (K, J, I, 3), RGB; only for PET and SPECT.
    modality: what the moving volume was taken for: mr, ct, pet or spect.
    inverse: the way back, from moving to fixed points; only when asked for.
    confidence: share of places of this kind that lay within 2 mm of the truth, 0 to 1; only when asked for.
    report: configuration, geometry, timings and before/after numbers, ready for JSON.
    """

    fused: Volume
    aligned: Volume
    displacement: NDArray[np.float32]
    initial: NDArray[np.float64]
    modality: str
    fused_color: NDArray[np.uint8] | None = None
    report: dict[str, Any] = field(default_factory=dict)
    inverse: InverseTransform | None = None
    confidence: Volume | None = None
