"""The way from two volumes to a fused one, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .air import centered_on, check_place
from .alignment import LinearAlignment, align
from .color import fuse_color, resolve_colormap
from .config import FusionConfig
from .geometry import check_volume
from .network import FusionNetwork, load_network
from .on_request import add_on_request
from .reference import Reference
from .registration import register
from .report import build_report
from .result import Cancel, FusionResult, Progress
from .run import Run
from .slice_steps import blend_slices
from .source import Pulled, Source
from .volume import Volume


def fuse(
    fixed: Volume,
    moving: Volume,
    config: FusionConfig | None = None,
    model: FusionNetwork | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    reference: Reference | None = None,
    alignment: LinearAlignment | None = None,
) -> FusionResult:
    """Register moving to fixed and fuse both on the fixed volume's grid.

    config: the defaults when None. model: the default network on config.device when None. progress, cancel:
    called between batches. reference: landmarks and segmentations to judge the result by. alignment: of these
    volumes, found before and taken with its doubts; searched as config says when None.
    Raises InputError, GeometryError, ModelError, DependencyError or Cancelled.
    """
    config, run = config or FusionConfig(), Run(progress, cancel)
    first, second = _check(fixed, moving, config, reference, run)
    network = _load(model, config, run)
    with run.step("Aligning the volumes"):
        alignment = alignment or align(fixed, moving, config.init, run.tell, cancel, config.start)
    found = register(network, first, second, alignment, config, run)
    with run.step("Resampling the moving volume"):
        aligned = second.pull(fixed.grid, alignment.matrix, found.displacement)
    fused = blend_slices(network, first.unit, aligned, found.view.square.frame, config, run)
    with run.step("Measuring"):
        report = build_report(found, network, config)
    result = FusionResult(
        fused=fixed.with_array(fused, f"{fixed.name} fused with {moving.name}"),
        aligned=fixed.with_array(aligned.values, f"{moving.name} aligned"),
        displacement=found.displacement,
        initial=alignment.matrix,
        modality=second.modality,
        fused_color=_color(fused, first, second, aligned, config.colormap),
        report=report | {"seconds": run.seconds},
    )
    return add_on_request(result, network, found, config, reference, run)


def _check(
    fixed: Volume, moving: Volume, config: FusionConfig, reference: Reference | None, run: Run
) -> tuple[Source, Source]:
    with run.step("Checking the volumes"):
        check_volume(fixed, "fixed")
        check_volume(moving, "moving")
        check_place(fixed, _placed(fixed, moving, config))
        if reference is not None:
            reference.check(fixed, moving)
        first = Source.of(fixed, config.fixed_modality, config.fixed_window)
        return first, Source.of(moving, config.modality, config.window)


def _placed(fixed: Volume, moving: Volume, config: FusionConfig) -> Volume:
    """The moving volume where its alignment begins."""
    placed = moving if config.start is None else moving.moved_back(config.start)
    return centered_on(fixed, placed) if config.init == "center" else placed


def _load(model: FusionNetwork | None, config: FusionConfig, run: Run) -> FusionNetwork:
    with run.step("Loading the network"):
        return model or load_network(config.device)


def _color(
    fused: NDArray[np.float32], first: Source, second: Source, aligned: Pulled, colormap: str
) -> NDArray[np.uint8] | None:
    """Colour by the moving volume if it is a tracer's, else by the fixed one; None when neither is."""
    for source, unit in ((second, aligned.unit), (first, first.unit)):
        name = resolve_colormap(colormap, source.modality)
        if name is not None:
            return fuse_color(fused, unit, name)
    return None
