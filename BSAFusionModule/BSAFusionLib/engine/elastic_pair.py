"""Two volumes at one resolution, as the search for the elastic displacement sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .body import Level, isotropic, level_of
from .elastic_evidence import Evidence, weigh
from .elastic_search import Side, places, sample_at
from .self_similarity import self_similarity
from .volume import Volume

if TYPE_CHECKING:
    from torch import Tensor

Matrix = NDArray[np.float64]


class ElasticPair:
    """A fixed volume, and a moving one where a displacement and then a linear transform lead.

    Fields are (3, K, J, I), along the axes k, j, i of the fixed grid.
    """

    def __init__(self, fixed: Volume, moving: Volume, initial: Matrix) -> None:
        import torch

        self.grid = fixed.grid
        self.spacing = fixed.spacing[::-1].copy()
        self._steps = torch.tensor(self.spacing, dtype=torch.float32).view(3, 1, 1, 1)
        self._fixed, self._moving = _stack(level_of(fixed)), _stack(level_of(moving))
        self._features = self_similarity(self._fixed[0])
        total = (np.linalg.inv(moving.ijk_to_ras) @ initial @ fixed.ijk_to_ras).astype(np.float32)
        self._turn = torch.from_numpy(total[:3, :3][::-1, ::-1].copy())
        self._shift = torch.from_numpy(total[:3, 3][::-1].copy()).view(3, 1, 1, 1)

    @classmethod
    def at(
        cls,
        fixed: Volume,
        moving: Volume,
        initial: Matrix,
        spacings_mm: list[float],
        check: Callable[[], None],
    ) -> Iterator[ElasticPair]:
        """The same two at one resolution after the other, each made when it is needed; check may stop it."""
        fine = []
        for volume in (fixed, moving):
            check()
            fine.append(isotropic(volume, min(spacings_mm)))
        check()
        pair, last = None, 0.0
        for spacing in spacings_mm:
            if pair is None or spacing != last:
                still, other = (isotropic(volume, spacing) for volume in fine)
                pair, last = cls(still, other, initial), spacing
            yield pair

    def sides(self, field: Tensor) -> tuple[Side, Side]:
        """Both, the moving one through field, mm; what lies in the air or outside of it has no weight."""
        values, near, inside = self._pulled(field)
        weight = near.maximum(self._fixed[1]) * inside
        return Side(self._features, weight), Side(self_similarity(values), weight)

    def evidence(self, field: Tensor) -> Evidence:
        """Whether intensities confirm a field, mm."""
        (before, near, inside), (after, _, still_inside) = (self._pulled(u) for u in (0 * field, field))
        common = (near.maximum(self._fixed[1]) > 0.5) & inside & still_inside
        still, first, second = (array.numpy() for array in (self._fixed[0], before, after))
        return weigh(still, first, second, common.numpy(), self.spacing)[0]

    def resized(self, field: Tensor) -> Tensor:
        """A field of another resolution in this one."""
        from torch.nn.functional import interpolate

        return interpolate(field[None], size=self.grid.shape, mode="trilinear", align_corners=False)[0]

    def in_voxels(self, field: Tensor) -> Tensor:
        """A field in mm, counted in voxels."""
        return field / self._steps

    def in_mm(self, field: Tensor) -> Tensor:
        """A field in voxels, in mm."""
        return field * self._steps

    def _pulled(self, field: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The moving volume's values, its edge's where it ends; nearness to its body; where it has values."""
        import torch

        index = torch.tensordot(self._turn, places(self.in_voxels(field)), 1) + self._shift
        last = torch.tensor(self._moving.shape[1:]).view(3, 1, 1, 1) - 1
        values, near = sample_at(self._moving, index)
        return values, near, ((index >= 0) & (index <= last)).all(dim=0)


def _stack(level: Level) -> Tensor:
    """Values, and nearness to the body, (2, K, J, I)."""
    import torch

    return torch.from_numpy(np.stack([level.values, level.near.astype(np.float32)]))
