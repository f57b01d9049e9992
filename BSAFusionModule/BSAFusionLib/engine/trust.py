"""What is measured of a run to judge it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .agreement import forward_backward_mm
from .evidence import gain, local_fit
from .familiarity import FAMILIAR, distance, statistics
from .geometry import center_ras, extent_mm, overlap
from .mirror import mirror_fit
from .neighbourhood import Neighbourhood
from .network import FusionNetwork
from .quality import displacement_statistics, roughness, slice_jumps
from .registration import Registration
from .source import Pulled
from .volume import Grid

_FARTHEST = 20.0


def measure_trust(found: Registration, network: FusionNetwork) -> dict[str, Any]:
    """Numbers for verdict.judge, besides those of the quality report; see its docstring."""
    view, alignment, seen = found.view, found.alignment, found.seen
    fixed, moving = view.fixed.volume, view.moving.volume
    near = Neighbourhood.of(fixed, moving, alignment.matrix)
    gains, local = gain(near), local_fit(near)
    place = Grid(moving.shape, np.linalg.inv(alignment.matrix) @ moving.ijk_to_ras)
    shift, turn = _motion(alignment.matrix, center_ras(fixed))
    return {
        "overlap": max(gains.overlap, overlap(fixed, place).moving_fraction),
        "information_gain": gains.information,
        "edge_gain": gains.edges,
        "local_fit": local.share,
        "local_fit_regions": local.regions,
        "local_fit_within_mm": local.within_mm,
        "mirror_fit": mirror_fit(near),
        **_after_bending(found),
        "initial_shift_mm": shift,
        "initial_turn_degrees": turn,
        "alignment_converged": alignment.converged,
        **_parts(found),
        "folded_share": found.repair.folded / fixed.array.size,
        "forward_backward_mm": forward_backward_mm(
            network, view.slices, seen.unit, seen.inside, view.square.pixel, found.slices.share
        ),
        "fixed_unfamiliarity": _unfamiliarity(view.slices, view.fixed.modality, view.square.pixel),
        "moving_unfamiliarity": _of_pulled(seen, view.moving.modality, view.square.pixel),
    }


def _after_bending(found: Registration) -> dict[str, float]:
    """The signs once more where the volume is bent as a whole; nothing where it is not."""
    bending = found.bending
    if bending is None:
        return {}
    fixed, moving = found.view.fixed.volume, found.view.moving.volume
    near = Neighbourhood.of(fixed, moving, found.alignment.matrix, bending.on)
    gains = gain(near)
    return {
        "information_gain_bent": gains.information,
        "edge_gain_bent": gains.edges,
        "local_fit_bent": local_fit(near).share,
    }


def _parts(found: Registration) -> dict[str, float]:
    """Size and roughness of both parts of the displacement, as far as they are kept."""
    square = found.view.square
    in_slices = square.pixel * np.moveaxis(found.in_slices, 1, -1)
    spacing = np.array([square.pixel, square.pixel, square.frame.spacing[0]])
    numbers = {
        "in_slices_p95_mm": displacement_statistics(in_slices)["p95"],
        "in_slices_roughness": roughness(in_slices, spacing),
        "in_slices_jump_mm": slice_jumps(in_slices)["mean"],
    }
    bending = found.bending
    if bending is not None:
        u = np.moveaxis(bending.displacement, 0, -1)
        spacing = extent_mm(found.view.fixed.volume) / u.shape[2::-1]
        numbers["bending_p95_mm"] = displacement_statistics(u)["p95"]
        numbers["bending_roughness"] = roughness(u, spacing)
    return numbers


def _of_pulled(pulled: Pulled, modality: str, pixel_mm: float) -> float:
    covered = pulled.inside.any(axis=(1, 2))
    return _unfamiliarity(pulled.unit[covered], modality, pixel_mm)


def _unfamiliarity(slices: NDArray[np.float32], modality: str, pixel_mm: float) -> float:
    found = statistics(slices, pixel_mm)
    return _FARTHEST if found is None else distance(found, FAMILIAR[modality])


def _motion(matrix: NDArray[np.float64], center: NDArray[np.float64]) -> tuple[float, float]:
    """How far a linear transform shifts a point, mm, and turns about it, degrees."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    cosine = np.clip((np.trace(left @ right) - 1) / 2, -1, 1)
    shift = np.linalg.norm(matrix[:3, :3] @ center + matrix[:3, 3] - center)
    return float(shift), float(np.degrees(np.arccos(cosine)))
