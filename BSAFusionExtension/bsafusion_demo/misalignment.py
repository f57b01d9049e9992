"""A known misalignment: an elastic part and a rigid one, exact at every point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from BSAFusionLib.engine import Volume
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.resample import resample
from numpy.typing import NDArray

Points = NDArray[np.float64]

_WAVES = 6
_WAVELENGTHS_MM = (120.0, 200.0)
_TOLERANCE_MM = 1e-9


@dataclass(frozen=True, eq=False)
class Misalignment:
    """Where a point of the patient is found in the misaligned volume; all points RAS mm, (..., 3).

    moved(y) = original(elastic(rigid^-1(y))), with elastic(z) = z + sum of amplitude * sin(wave . z + phase).

    rigid: 4 x 4. amplitudes, waves: (n, 3), mm and radians per mm. phases: (n,).
    """

    rigid: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    waves: NDArray[np.float64]
    phases: NDArray[np.float64]

    def to_original(self, moved: Points) -> Points:
        """The point of the original volume that the misaligned one shows at moved."""
        inverse = np.linalg.inv(self.rigid)
        before_rigid = moved @ inverse[:3, :3].T + inverse[:3, 3]
        return np.asarray(before_rigid + self._wave(before_rigid))

    def to_moved(self, original: Points) -> Points:
        """The inverse of to_original: where a point of the original is found, the truth for a registration.

        The elastic part is inverted by fixed-point iteration, which converges as its slope is below one.
        """
        point = original
        while True:
            following = original - self._wave(point)
            if np.abs(following - point).max() < _TOLERANCE_MM:
                return np.asarray(following @ self.rigid[:3, :3].T + self.rigid[:3, 3])
            point = following

    def apply(self, volume: Volume) -> Volume:
        """The volume as a scanner would see it after the misalignment, on its own grid."""
        points = points_ras(volume.grid)
        return volume.with_array(
            resample(volume, volume.grid, displacement=self.to_original(points) - points)
        )

    def _wave(self, points: Points) -> Points:
        return np.asarray(np.sin(points @ self.waves.T + self.phases) @ self.amplitudes)


def random_misalignment(
    rng: np.random.Generator, around: Points, shift_mm: float, degrees: float, elastic_mm: float
) -> Misalignment:
    """Turn about the centre of the points, (n, 3), RAS mm, shift in some direction, and bend.

    elastic_mm: mean length of the elastic part over the points.
    """
    waves = _directions(rng, _WAVES) * (2 * np.pi / rng.uniform(*_WAVELENGTHS_MM, size=(_WAVES, 1)))
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    amplitudes = _directions(rng, _WAVES)
    bend = np.sin(around @ waves.T + phases) @ amplitudes
    amplitudes *= elastic_mm / np.linalg.norm(bend, axis=1).mean()
    rotation = _rotation(_directions(rng, 1)[0], np.radians(degrees))
    center = around.mean(axis=0)
    rigid = np.eye(4)
    rigid[:3, :3] = rotation
    rigid[:3, 3] = center - rotation @ center + shift_mm * _directions(rng, 1)[0]
    return Misalignment(rigid, amplitudes, waves, phases)


def _directions(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    vectors = rng.normal(size=(count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _rotation(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Rodrigues' formula: 3 x 3 rotation about a unit vector, radians."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
