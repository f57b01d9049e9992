"""A scalar volume and its place in the patient, in RAS millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Grid:
    """Where voxels are: shape (K, J, I), and ijk_to_ras, float64, 4 x 4, from (i, j, k, 1) to RAS mm."""

    shape: tuple[int, int, int]
    ijk_to_ras: NDArray[np.float64]

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Distance between neighbouring voxels along i, j, k, in mm."""
        return np.asarray(np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0))

    @property
    def direction(self) -> NDArray[np.float64]:
        """3 x 3; column n is the unit vector, in RAS, of index axis n (i, j, k)."""
        return np.asarray(self.ijk_to_ras[:3, :3] / self.spacing)


@dataclass(frozen=True, eq=False)
class Volume:
    """A scalar image on a regular grid.

    array: float32, shape (K, J, I).
    ijk_to_ras: float64, 4 x 4; maps the index vector (i, j, k, 1) of a voxel's centre to RAS mm.
    name: what the user calls it; used in messages and file names only.
    """

    array: NDArray[np.float32]
    ijk_to_ras: NDArray[np.float64]
    name: str = "volume"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxel counts (K, J, I)."""
        k, j, i = self.array.shape
        return k, j, i

    @property
    def grid(self) -> Grid:
        """Shape and place without the voxels."""
        return Grid(self.shape, self.ijk_to_ras)

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Distance between neighbouring voxels along i, j, k, in mm."""
        return self.grid.spacing

    @property
    def direction(self) -> NDArray[np.float64]:
        """3 x 3; column n is the unit vector, in RAS, of index axis n (i, j, k)."""
        return self.grid.direction

    def with_array(self, array: NDArray[np.float32], name: str | None = None) -> Volume:
        """Return another image on this volume's grid; array is (K, J, I) float32."""
        return Volume(array, self.ijk_to_ras, self.name if name is None else name)

    def moved_back(self, transform: NDArray[np.float64]) -> Volume:
        """Return the same image where a transform, 4 x 4, RAS mm, from fixed to moving points puts it."""
        return Volume(self.array, np.linalg.inv(transform) @ self.ijk_to_ras, self.name)
