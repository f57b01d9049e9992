"""The search for the elastic displacement at one resolution: a smooth choice of candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .interpolation import gaussian_matrix

if TYPE_CHECKING:
    from torch import Tensor

_CELL = 3  # voxels along the edge of a cell
_COUPLINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_AIR = 0.02  # weight of a cell without the patient, which holds the field at zero
_UNSEEN = 0.05  # weight of the usual cost: what is hardly seen is neither good nor bad
_HALVINGS = 6
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Side:
    """A volume's self-similarity, (12, K, J, I), and how much each voxel counts, (K, J, I)."""

    features: Tensor
    weight: Tensor


@dataclass(frozen=True)
class Reach:
    """Candidates: so many to either side along each axis, so many voxels apart."""

    count: int
    apart: int = 1

    def offsets(self) -> NDArray[np.int_]:
        """All of them, (n, 3), voxels along k, j, i."""
        return self.apart * np.array(list(product(range(-self.count, self.count + 1), repeat=3)))


def search(
    one: Side,
    other: Side,
    spacing: NDArray[np.float64],
    reach: Reach,
    smooth_mm: float,
    tell: Callable[[], None],
) -> Tensor:
    """The displacement under which other(x + u(x)) resembles one(x), (3, K, J, I), voxels along k, j, i.

    Half of it is found from either side, so that swapping both gives the way back. spacing: along
    k, j, i, mm. smooth_mm: standard deviation of the field's smoothing. tell: called for every candidate.
    """
    offsets = reach.offsets()
    forth, back = _costs(one, other, offsets, reach.count * reach.apart, tell)
    there = _couple(forth, offsets, _pooled(one.weight), spacing, smooth_mm)
    here = _couple(back, -offsets, _pooled(other.weight), spacing, smooth_mm)
    return exponential(_expanded(0.5 * (there - here), one.weight.shape))


def _costs(
    one: Side, other: Side, offsets: NDArray[np.int_], margin: int, tell: Callable[[], None]
) -> tuple[Tensor, Tensor]:
    """Disagreement of each cell under each offset o, (cells, offsets): of one at x + o, of other at x - o."""
    import torch
    from torch.nn.functional import pad

    size = one.weight.shape
    features = pad(other.features, (margin,) * 6, mode="replicate")
    weight = pad(other.weight, (margin,) * 6)
    forth, back = [], []
    difference = torch.empty_like(one.features)
    for offset in offsets:
        tell()
        k, j, i = (slice(margin + o, margin + o + n) for o, n in zip(offset, size, strict=True))
        torch.sub(one.features, features[:, k, j, i], out=difference)
        common = one.weight * weight[k, j, i]
        cost = torch.stack([difference.square_().sum(dim=0) * common, common])
        forth.append(_pooled(cost).flatten(1))
        back.append(_pooled(_moved(cost, offset)).flatten(1))
    return _normalised(torch.stack(forth, dim=2)), _normalised(torch.stack(back, dim=2))


def _moved(array: Tensor, offset: NDArray[np.int_]) -> Tensor:
    """array(x - offset), zero where that lies outside; (C, K, J, I)."""
    pairs = list(zip(offset.tolist(), array.shape[1:], strict=True))
    k, j, i = (slice(max(0, o), n + min(0, o)) for o, n in pairs)
    from_k, from_j, from_i = (slice(max(0, -o), n + min(0, -o)) for o, n in pairs)
    moved = array.new_zeros(array.shape)
    moved[:, k, j, i] = array[:, from_k, from_j, from_i]
    return moved


def _normalised(sums: Tensor) -> Tensor:
    """Mean costs (cells, offsets) from the sums of costs and weights."""
    costs, weights = sums
    usual = costs.sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True).clamp(min=_TINY)
    means: Tensor = (costs + _UNSEEN * usual) / (weights + _UNSEEN)
    return means


def _couple(
    costs: Tensor,
    offsets: NDArray[np.int_],
    shares: Tensor,
    spacing: NDArray[np.float64],
    smooth_mm: float,
) -> Tensor:
    """Cells choose their candidates and are made smooth in turn, ever closer to each other; voxels."""
    import torch

    unit = torch.tensor(spacing / spacing.mean(), dtype=torch.float32)
    steps = torch.tensor(offsets, dtype=torch.float32) * unit
    squares = steps.square().sum(dim=1)
    costs = costs * shares.flatten()[:, None]
    weights = shares * _certainty(costs).reshape(shares.shape)
    sigmas = smooth_mm / (_CELL * spacing)
    field = costs.new_zeros(3, *shares.shape)
    for coupling in _COUPLINGS:
        scale = coupling / _CELL**2
        distances = torch.addmm(costs + scale * squares, field.flatten(1).T, steps.T, alpha=-2 * scale)
        field = _smooth(steps[distances.argmin(dim=1)].T.reshape(field.shape), weights, sigmas)
    return field / unit.view(3, 1, 1, 1)


def _certainty(costs: Tensor) -> Tensor:
    """How clearly the best candidate of each cell stands out, squared, 1 on average; (cells,).

    Where all is alike the best candidate is chance: counted like the others it would hold the field at zero.
    """
    clear = (costs.mean(dim=1) - costs.amin(dim=1)).square()
    return clear / clear.mean().clamp(min=_TINY**2)


def _smooth(field: Tensor, weights: Tensor, sigmas: NDArray[np.float64]) -> Tensor:
    """Smooth by sigmas cells where there is something to see; it fades out in the air around."""
    import torch

    both = _blurred(torch.cat([field * weights, weights[None] + _AIR]), sigmas)
    return both[:3] / both[3]


def _blurred(array: Tensor, sigmas: NDArray[np.float64]) -> Tensor:
    """Gaussian smoothing of (C, K, J, I) along k, j, i."""
    import torch

    for axis, sigma in enumerate(sigmas.tolist()):
        matrix = torch.from_numpy(gaussian_matrix(array.shape[1 + axis], sigma))
        array = torch.tensordot(matrix, array, ([1], [1 + axis])).movedim(0, 1 + axis)
    return array


def _pooled(array: Tensor) -> Tensor:
    """Mean over cells, the last of which may be smaller; (..., K, J, I)."""
    from torch.nn.functional import avg_pool3d

    flat = array.reshape(1, -1, *array.shape[-3:])
    pooled = avg_pool3d(flat, _CELL, ceil_mode=True, count_include_pad=False)
    return pooled.reshape(*array.shape[:-3], *pooled.shape[-3:])


def _expanded(field: Tensor, shape: tuple[int, ...]) -> Tensor:
    """From cells to voxels, (3, K, J, I), without the kinks of linear interpolation, which invert badly."""
    from torch.nn.functional import interpolate

    whole = tuple(_CELL * n for n in field.shape[1:])
    fine = interpolate(field[None], size=whole, mode="trilinear", align_corners=False)[0]
    return _blurred(fine[:, : shape[0], : shape[1], : shape[2]], np.full(3, _CELL / 2))


def exponential(velocity: Tensor) -> Tensor:
    """The displacement of following a stationary velocity, (3, K, J, I), voxels, for one unit of time.

    Many small steps, each free of folds, put one after the other (scaling and squaring, Arsigny 2006).
    """
    field: Tensor = velocity / 2**_HALVINGS
    for _ in range(_HALVINGS):
        field = field + sample(field, field)
    return field


def sample(array: Tensor, displacement: Tensor) -> Tensor:
    """array(x + u(x)), linear, edge values outside; array (C, K, J, I), u (3, K, J, I), voxels."""
    return sample_at(array, places(displacement))


def places(displacement: Tensor) -> Tensor:
    """x + u(x) for all voxels x, (3, K, J, I), voxels along k, j, i."""
    import torch

    axes = [torch.arange(n, dtype=torch.float32) for n in displacement.shape[1:]]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")) + displacement


def sample_at(array: Tensor, index: Tensor) -> Tensor:
    """array (C, K, J, I) at index, (3, ...), voxels along k, j, i: linear, edge values outside."""
    import torch
    from torch.nn.functional import grid_sample

    last = torch.tensor(array.shape[1:], dtype=torch.float32).sub(1).clamp(min=1).view(3, 1, 1, 1)
    place = (2 * index / last - 1).flip(0).movedim(0, -1)[None]
    return grid_sample(array[None], place, mode="bilinear", padding_mode="border", align_corners=True)[0]
