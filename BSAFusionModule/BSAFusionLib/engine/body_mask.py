"""Which voxels show the patient. numpy alone, so that the panel can ask before a run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .volume import Volume

_COMPRESSION = 1 / 3  # before the threshold: the body stands out from air also where a tumour outshines it
_BINS = 128


def body_mask(volume: Volume) -> NDArray[np.bool_]:
    """Tell patient from air by Otsu's threshold (1979) on compressed intensities; bool, (K, J, I)."""
    low, high = np.percentile(volume.array, [0.5, 99.5])
    if low == high:
        low, high = float(volume.array.min()), float(volume.array.max())
    if low == high:
        return np.zeros(volume.shape, bool)
    scaled = np.clip((volume.array - low) / (high - low), 0, 1) ** _COMPRESSION
    return np.asarray(scaled > otsu_threshold(scaled))


def otsu_threshold(values: NDArray[np.floating]) -> float:
    """Return the upper edge of the bin after which values in [0, 1] fall apart best (Otsu 1979)."""
    counts, edges = np.histogram(values, _BINS, (0.0, 1.0))
    share = np.cumsum(counts) / counts.sum()
    mean = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2) / counts.sum()
    apart = (mean[-1] * share - mean) ** 2 / np.maximum(share * (1 - share), 1e-12)
    return float(edges[int(apart[:-1].argmax()) + 1])
