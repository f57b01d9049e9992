"""Elastic displacement in 3-D, coarse: what slices alone cannot see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .elastic_evidence import AS_A_WHOLE, Evidence
from .elastic_pair import ElasticPair
from .elastic_search import Reach, sample, sample_at, search
from .geometry import extent_mm
from .resample import slabs
from .volume import Grid, Volume

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float32]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class _Stage:
    """One round: resolution, where partners are looked for, standard deviation of the smoothing."""

    spacing_mm: float
    reach: Reach
    smooth_mm: float


# Measured on brain templates bent by 8 mm: at 5 mm the search ends 1 mm farther from the truth.
_STAGES = (
    _Stage(spacing_mm=3.5, reach=Reach(2, apart=2), smooth_mm=15.0),
    _Stage(spacing_mm=3.5, reach=Reach(2), smooth_mm=12.0),
    _Stage(spacing_mm=2.5, reach=Reach(1), smooth_mm=10.0),
)
_MOST_VOXELS = 600_000  # a larger volume is searched at a lower resolution


@dataclass(frozen=True, eq=False)
class Elastic:
    """What bends the moving volume as a whole, before slices are looked at.

    displacement: u, (3, k, j, i), float32, mm, RAS components; its voxels fill the box of the fixed grid.
    share: how much of what was found is kept, 0 to 1. evidence: why.
    """

    displacement: Array
    share: float
    evidence: Evidence

    def on(self, grid: Grid) -> Array:
        """The displacement on the fixed grid, (K, J, I, 3)."""
        return self.after(None, grid)

    def after(self, first: Array | None, grid: Grid) -> Array:
        """The displacement of going by first, (K, J, I, 3) on the fixed grid, and from there by this one."""
        import torch

        scale = np.array(self.displacement.shape[1:]) / grid.shape
        to_index = (np.linalg.inv(grid.ijk_to_ras[:3, :3])[::-1] * scale[:, None]).astype(np.float32)
        coarse = torch.from_numpy(self.displacement)
        result = np.empty((*grid.shape, 3), np.float32)
        for part, slab in slabs(grid):
            axes = [np.arange(part.start, part.stop), *(np.arange(n) for n in slab.shape[1:])]
            places = [(axis + 0.5) * step - 0.5 for axis, step in zip(axes, scale, strict=True)]
            index = np.stack(np.meshgrid(*places, indexing="ij")).astype(np.float32)
            if first is not None:
                index += np.moveaxis(first[part] @ to_index.T, -1, 0)
            there = sample_at(coarse, torch.from_numpy(index)).movedim(0, -1).numpy()
            result[part] = there if first is None else first[part] + there
        return result

    def described(self) -> dict[str, Any]:
        """What a report says about it."""
        length = np.linalg.norm(self.displacement, axis=0)
        return self.evidence.described(self.share, length)


def bend(fixed: Volume, moving: Volume, initial: Matrix, tell: Callable[[int, int], None]) -> Elastic:
    """Find the smooth displacement in 3-D under which both volumes have the same self-similarity.

    A discrete search for the best displacement of small cells, made smooth step by step, in both directions
    (after ConvexAdam, Siebert 2021). initial: 4 x 4, RAS mm, fixed to moving points. tell(done, total) is
    called every few milliseconds. Where intensities do not confirm it, it is shrunk, down to nothing.
    """
    import torch

    field, done = torch.zeros(3, 2, 2, 2), 0
    total = sum(len(stage.reach.offsets()) for stage in _STAGES)

    def count() -> None:
        nonlocal done
        tell(done, total)
        done += 1

    pairs = _pairs(fixed, moving, initial, lambda: tell(done, total))
    for stage, pair in zip(_STAGES, pairs, strict=True):
        field = pair.resized(field)
        step = search(*pair.sides(field), pair.spacing, stage.reach, stage.smooth_mm, count)
        field = pair.in_mm(step + sample(pair.in_voxels(field), step))
    evidence = pair.evidence(field)
    share = evidence.share(AS_A_WHOLE)
    return Elastic(_in_ras(share * field, pair.grid), share, evidence)


def _pairs(
    fixed: Volume, moving: Volume, initial: Matrix, check: Callable[[], None]
) -> Iterator[ElasticPair]:
    least = float(np.cbrt(np.prod(extent_mm(fixed)) / _MOST_VOXELS))
    spacings = [max(stage.spacing_mm, least) for stage in _STAGES]
    return ElasticPair.at(fixed, moving, initial, spacings, check)


def _in_ras(field: Tensor, grid: Grid) -> Array:
    """From mm along k, j, i of the fixed grid to RAS components."""
    turned = np.einsum("rc,ckji->rkji", grid.direction[:, ::-1], field.numpy())
    return np.ascontiguousarray(turned, np.float32)
