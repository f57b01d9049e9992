"""The way from two volumes to a fused one, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .alignment import align
from .color import fuse_color, resolve_colormap
from .config import FusionConfig
from .field import to_millimetres
from .geometry import check_pair, check_volume
from .jacobian import repair_folds
from .network import FusionNetwork, load_network
from .report import build_report
from .result import Cancel, FusionResult, Progress
from .run import Run
from .slice_steps import SquareView, blend_slices, register_slices
from .slices import SliceFrame, SquarePixels, choose_axis
from .source import Pulled, Source
from .volume import Volume


def fuse(
    fixed: Volume,
    moving: Volume,
    config: FusionConfig | None = None,
    model: FusionNetwork | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> FusionResult:
    """Register moving to fixed and fuse both on the fixed volume's grid.

    config: the defaults when None. model: the default network on config.device when None. progress, cancel:
    called between batches. Raises InputError, GeometryError, ModelError, DependencyError or Cancelled.
    """
    config, run = config or FusionConfig(), Run(progress, cancel)
    first, second = _check(fixed, moving, config, run)
    with run.step("Loading the network"):
        network = model or load_network(config.device)
    with run.step("Aligning the volumes"):
        alignment = align(fixed, moving, config.init, run.tell, cancel)
    with run.step("Preparing slices"):
        view = SquareView.of(first, second, _square_pixels(fixed, config))
        before = view.pull(alignment.matrix)
    field = register_slices(network, view, before, config, run)
    with run.step("Checking the displacement"):
        displacement, repair = repair_folds(to_millimetres(field, view.square), fixed.grid)
    with run.step("Resampling the moving volume"):
        aligned = second.pull(fixed.grid, alignment.matrix, displacement)
    fused = blend_slices(network, first.unit, aligned, view.square.frame, config, run)
    with run.step("Measuring"):
        report = build_report(view, alignment, displacement, repair, network, config)
    return FusionResult(
        fused=fixed.with_array(fused, f"{fixed.name} fused with {moving.name}"),
        aligned=fixed.with_array(aligned.values, f"{moving.name} aligned"),
        displacement=displacement,
        initial=alignment.matrix,
        modality=second.modality,
        fused_color=_color(fused, first, second, aligned, config.colormap),
        report=report | {"seconds": run.seconds},
    )


def _check(fixed: Volume, moving: Volume, config: FusionConfig, run: Run) -> tuple[Source, Source]:
    with run.step("Checking the volumes"):
        check_volume(fixed, "fixed")
        check_volume(moving, "moving")
        check_pair(fixed, moving)
        first = Source.of(fixed, config.fixed_modality, config.fixed_window)
        return first, Source.of(moving, config.modality, config.window)


def _square_pixels(fixed: Volume, config: FusionConfig) -> SquarePixels:
    frame = SliceFrame.along(fixed.grid, choose_axis(fixed.grid, config.axis))
    return SquarePixels.of(frame, config.registration_spacing_mm)


def _color(
    fused: NDArray[np.float32], first: Source, second: Source, aligned: Pulled, colormap: str
) -> NDArray[np.uint8] | None:
    """Colour by the moving volume if it is a tracer's, else by the fixed one; None when neither is."""
    for source, unit in ((second, aligned.unit), (first, first.unit)):
        name = resolve_colormap(colormap, source.modality)
        if name is not None:
            return fuse_color(fused, unit, name)
    return None
