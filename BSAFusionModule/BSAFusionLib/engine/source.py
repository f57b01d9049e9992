"""An input of a fusion: what it is taken for, and how it looks on another grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .intensity import apply_window, guess_modality, resolve_window
from .interpolation import antialias_sigma, apply_along, gaussian_matrix
from .resample import resample
from .volume import Grid, Volume


@dataclass(frozen=True, eq=False)
class Pulled:
    """A volume on another grid.

    values: float32, (K, J, I), in the volume's own unit; its background where it does not reach.
    unit: float32, (K, J, I), the same in [0, 1].
    inside: bool, (K, J, I), where the volume reaches.
    """

    values: NDArray[np.float32]
    unit: NDArray[np.float32]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Source:
    """A volume, its modality (mr, ct, pet or spect), and the values that become 0 and 1.

    guessed: whether the modality is a guess.
    """

    volume: Volume
    modality: str
    guessed: bool
    window: tuple[float, float]

    @classmethod
    def of(cls, volume: Volume, modality: str, window: str) -> Source:
        """Settle what is automatic; modality is one of config.MODALITIES, window one of config.WINDOWS."""
        known = guess_modality(volume) if modality == "auto" else modality
        return cls(volume, known, modality == "auto", resolve_window(volume, known, window))

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """The volume in [0, 1], float32, (K, J, I)."""
        return apply_window(self.volume.array, self.window)

    def pull(
        self, grid: Grid, initial: NDArray[np.float64], displacement: NDArray[np.float32] | None = None
    ) -> Pulled:
        """Resample linearly onto grid, through u and then initial; for the arguments see resample."""
        moved = displacement if displacement is not None and displacement.any() else None
        values = resample(self.volume, grid, initial, moved, fill=float("nan"))
        inside = ~np.isnan(values)
        values[~inside] = self.volume.array.min()
        return Pulled(values, apply_window(values, self.window), inside)

    def antialiased(self, pixel_mm: float) -> Source:
        """Smooth the axes whose spacing is finer than pixel_mm, so that the volume can be sampled at it."""
        array = self.volume.array
        for axis, spacing in enumerate(self.volume.spacing[::-1]):
            sigma = antialias_sigma(pixel_mm / spacing)
            if sigma > 0:
                array = apply_along(gaussian_matrix(array.shape[axis], sigma), array, axis)
        return replace(self, volume=self.volume.with_array(array))
