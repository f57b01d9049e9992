"""What a place looks like beside its neighbourhood, whatever the modality."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_NEIGHBOURS = ((0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0))
_PAIRS = [  # opposite neighbours say little
    (a, b) for a, b in combinations(_NEIGHBOURS, 2) if any(p + q for p, q in zip(a, b, strict=True))
]
_VARIANCE_RANGE = (0.02, 50.0)  # of its mean: a flat place has no structure of its own


def self_similarity(values: Tensor) -> Tensor:
    """MIND-SSC (Heinrich 2013): how alike the neighbours of each voxel are, (12, K, J, I), 0 to 1.

    values: (K, J, I), cubic voxels. The larger, the more alike two neighbours are among the 12 pairs.
    """
    import torch

    padded = _padded(values[None])
    shifted = {n: _shifted(padded, n)[0] for n in _NEIGHBOURS}
    distances = _patches(torch.stack([(shifted[a] - shifted[b]).square() for a, b in _PAIRS]))
    distances -= distances.amin(dim=0)
    variance = distances.mean(dim=0)
    middle = max(float(variance.mean()), 1e-12)
    distances /= variance.clamp(_VARIANCE_RANGE[0] * middle, _VARIANCE_RANGE[1] * middle)
    return distances.neg_().exp_()


def _padded(array: Tensor) -> Tensor:
    from torch.nn.functional import pad

    return pad(array, (1, 1, 1, 1, 1, 1), mode="replicate")


def _shifted(padded: Tensor, offset: tuple[int, ...]) -> Tensor:
    at = [slice(1 + n, size - 1 + n) for n, size in zip(offset, padded.shape[1:], strict=True)]
    return padded[:, at[0], at[1], at[2]]


def _patches(array: Tensor) -> Tensor:
    """Weighted sums over 3 x 3 x 3 voxels (1, 2, 1 along each axis), scaled to a mean."""
    array = _padded(array)
    for axis in (1, 2, 3):
        size = array.shape[axis] - 2
        low, middle, high = (array.narrow(axis, n, size) for n in range(3))
        array = (low + high) * 0.25 + 0.5 * middle
    return array
