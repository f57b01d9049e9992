"""From an initial alignment to the whole displacement: the volume is bent, then its slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .alignment import LinearAlignment
from .config import FusionConfig
from .elastic import Elastic, bend
from .field import to_millimetres
from .jacobian import Repair, repair_folds
from .network import FusionNetwork
from .run import Run
from .slice_gate import InSlices, keep_confirmed
from .slice_steps import SquareView, register_slices
from .slices import SliceFrame, SquarePixels, choose_axis
from .source import Pulled, Source

_BENDING = "Bending the volume"


@dataclass(frozen=True, eq=False)
class Registration:
    """How the moving volume was brought to the fixed one.

    view: both in the square pixels of the slices. alignment: the linear part, applied last.
    elastic: what bends the volume as a whole; None where slices alone are bent.
    seen: the moving volume after these two, in square pixels, as the network saw it.
    slices: what is kept of what the network added, applied first.
    displacement: slices and elastic together, u on the fixed grid, (K, J, I, 3), float32, mm, RAS
    components, free of folds. repair: what that took.
    """

    view: SquareView
    alignment: LinearAlignment
    elastic: Elastic | None
    seen: Pulled
    slices: InSlices
    displacement: NDArray[np.float32]
    repair: Repair

    @property
    def bending(self) -> Elastic | None:
        """What bends the volume as a whole; None where nothing of it is kept."""
        return _kept(self.elastic)

    @property
    def in_slices(self) -> NDArray[np.float32]:
        """The kept displacement in the slices, (N, 2, H, W), square pixels."""
        return self.slices.displacement


def register(
    network: FusionNetwork,
    first: Source,
    second: Source,
    alignment: LinearAlignment,
    config: FusionConfig,
    run: Run,
) -> Registration:
    """Find the displacement that a linear alignment leaves; raises Cancelled."""
    grid = first.volume.grid
    elastic = _bend(first, second, alignment, run) if config.elastic == "volume" else None
    bent = _kept(elastic)
    with run.step("Preparing slices"):
        view = _view(first, second, config)
        seen = view.pull(alignment.matrix, None if bent is None else bent.on(grid))
    in_slices = register_slices(network, view, seen, config, run)
    with run.step("Checking the displacement"):
        slices = keep_confirmed(view.square, view.slices, seen, in_slices, elastic is not None)
        displacement = to_millimetres(slices.displacement, view.square)
        total = displacement if bent is None else bent.after(displacement, grid)
        displacement, repair = repair_folds(total, grid)
    return Registration(view, alignment, elastic, seen, slices, displacement, repair)


def _kept(elastic: Elastic | None) -> Elastic | None:
    return elastic if elastic is not None and elastic.share > 0 else None


def _bend(first: Source, second: Source, alignment: LinearAlignment, run: Run) -> Elastic:
    with run.step(_BENDING):
        return bend(first.volume, second.volume, alignment.matrix, lambda *at: run.tell(_BENDING, *at))


def _view(first: Source, second: Source, config: FusionConfig) -> SquareView:
    """Cut the fixed volume into upright slices of square pixels."""
    grid = first.volume.grid
    frame = SliceFrame.along(grid, choose_axis(grid, config.axis))
    return SquareView.of(first, second, SquarePixels.of(frame, config.registration_spacing_mm))
