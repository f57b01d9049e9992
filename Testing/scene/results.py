"""Fusion results with known content on an awkward grid."""

from __future__ import annotations

import numpy as np
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.phantoms import ramp, rigid, smooth_field, tilted_grid

GRID = tilted_grid((12, 14, 16), (2, 3, 4), left_handed=True)
INITIAL = rigid((15, 5, -25), (3, -4, 20))


def make_result(
    grid: Grid = GRID, initial: NDArray[np.float64] = INITIAL, color: bool = False
) -> FusionResult:
    ramps = ramp(grid)
    unit = (ramps.array - ramps.array.min()) / np.ptp(ramps.array)
    colors = np.stack([unit, unit**2, 1 - unit], axis=-1)
    return FusionResult(
        fused=ramps.with_array(unit, "fused"),
        aligned=ramps.with_array(ramps.array[::-1].copy(), "aligned"),
        displacement=smooth_field(grid).astype(np.float32),
        initial=initial,
        modality="pet" if color else "ct",
        fused_color=(255 * colors).astype(np.uint8) if color else None,
        report={
            "quality": {"before": {"ncc": 0.5}, "after": {"ncc": 0.75}, "displacement_mm": {"mean": 2.5}},
            "geometry": {
                "fixed": {"modality": "mr", "window": [0.0, 800.0]},
                "moving": {"modality": "pet" if color else "ct", "window": [-20.0, 100.0]},
            },
        },
    )


def moved(result: FusionResult) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grid points, and where the result sends them: (N, 3) each, RAS mm."""
    points = points_ras(result.fused.grid).reshape(-1, 3)
    target = points + result.displacement.reshape(-1, 3)
    return points, target @ result.initial[:3, :3].T + result.initial[:3, 3]
