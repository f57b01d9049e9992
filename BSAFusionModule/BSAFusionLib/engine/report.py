"""What a run says about itself, ready for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from .alignment import LinearAlignment
from .config import FusionConfig
from .geometry import extent_mm, overlap
from .inverse import round_trip
from .jacobian import Repair, jacobian_determinant
from .network import FusionNetwork
from .quality import (
    NOTE,
    displacement_statistics,
    field_per_slice,
    roughness,
    similarity,
    slice_jumps,
)
from .registration import Registration
from .slice_steps import SquareView
from .source import Pulled, Source
from .trust import measure_trust
from .verdict import judge


def build_report(found: Registration, network: FusionNetwork, config: FusionConfig) -> dict[str, Any]:
    """Configuration, network, geometry, alignment, before/after numbers, warnings and verdict of a run."""
    alignment, elastic = found.alignment, found.elastic
    quality = _measure(found)
    return {
        "model": _describe_network(network),
        "configuration": config.as_dict(),
        "geometry": _describe_geometry(found.view),
        "alignment": asdict(alignment) | {"matrix": alignment.matrix.tolist()},
        "elastic": None if elastic is None else elastic.described(),
        "in_slices": found.slices.described(),
        "quality": quality,
        "warnings": _warnings(network, alignment, found.repair, quality),
        "verdict": _judge(found, network, quality),
    }


def _judge(found: Registration, network: FusionNetwork, quality: dict[str, Any]) -> dict[str, Any]:
    """The verdict from what is measured for it and from the numbers of the quality report."""
    before, after = quality["before"]["nmi"], quality["after"]["nmi"]
    numbers = measure_trust(found, network) | {
        "nmi_before": before,
        "nmi_after": after,
        "nmi_change": None if before is None or after is None else after - before,
        "inverse_consistency_mm": quality["inverse_consistency_mm"]["max"],
        "smallest_jacobian": quality["jacobian"]["smallest"],
    }
    return judge(numbers)


def _describe_network(network: FusionNetwork) -> dict[str, str]:
    return {
        "id": network.id,
        "version": network.version,
        "sha256": network.hash,
        "device": network.device,
    }


def _describe_geometry(view: SquareView) -> dict[str, Any]:
    """Sizes in voxels along i, j, k and in mm, overlap as loaded, and how slices were cut."""
    place = overlap(view.fixed.volume, view.moving.volume)
    frame = view.square.frame
    return {
        "fixed": _describe_source(view.fixed),
        "moving": _describe_source(view.moving),
        "overlap": {"fixed_fraction": place.fixed_fraction, "moving_fraction": place.moving_fraction},
        "slices": {
            "axis": "ijk"[frame.axes[0]],
            "count": frame.shape[0],
            "spacing_mm": frame.spacing[0],
            "registration_pixel_mm": view.square.pixel,
            "registration_shape": list(view.square.shape),
        },
    }


def _measure(found: Registration) -> dict[str, Any]:
    """Similarity as loaded (before), after the initial alignment and after all, and the field's numbers."""
    view, initial, displacement, repair = found.view, found.alignment.matrix, found.displacement, found.repair

    def compare(moving: Pulled) -> dict[str, Any]:
        return similarity(view.slices, moving.unit, moving.inside)

    frame = view.square.frame
    determinant = jacobian_determinant(displacement, frame.grid)
    return {
        "note": NOTE,
        "before": compare(view.pull(np.eye(4))),
        "after_initial_alignment": compare(view.pull(initial) if found.bending else found.seen),
        "after": compare(view.pull(initial, displacement)),
        "displacement_mm": displacement_statistics(displacement),
        "roughness": roughness(displacement, frame.grid.spacing),
        "slice_jump_mm": slice_jumps(frame.cut(displacement)),
        "inverse_consistency_mm": round_trip(displacement, frame.grid),
        "jacobian": {"smallest": repair.smallest, "largest": repair.largest},
        "folds_repaired": repair.folded,
        "field_per_slice": field_per_slice(frame.cut(displacement), frame.cut(determinant)),
    }


def _warnings(
    network: FusionNetwork, alignment: LinearAlignment, repair: Repair, quality: dict[str, Any]
) -> list[str]:
    """Sentences about everything that a user should look at."""
    found = list(network.notes)
    if not alignment.converged:
        found.append(alignment.note)
    if repair.folded:
        found.append(f"The displacement was folded at {repair.folded} voxels and was smoothed there.")
    if repair.scale < 1:
        found.append(
            f"Smoothing was not enough: the displacement was shrunk to {repair.scale:.3g} of itself."
        )
    before, after = quality["before"]["nmi"], quality["after"]["nmi"]
    if before is not None and after is not None and after < before:
        found.append(f"Mutual information fell from {before:.3f} to {after:.3f}: compare the volumes by eye.")
    return found


def _describe_source(source: Source) -> dict[str, Any]:
    grid = source.volume.grid
    return {
        "modality": source.modality,
        "modality_is_a_guess": source.guessed,
        "window": list(source.window),
        "voxels": list(grid.shape[::-1]),
        "spacing_mm": np.round(grid.spacing, 6).tolist(),
        "extent_mm": np.round(extent_mm(grid), 3).tolist(),
        "ijk_to_ras": grid.ijk_to_ras.tolist(),
    }
