"""Whether a mirror image of the aligned volume would fit as well as the volume itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .neighbourhood import Neighbourhood
from .pose import climb, pose_matrix
from .similarity import Similarity

Matrix = NDArray[np.float64]

_CLIMBING, _COMPARED = 6000, 40_000  # points
_STEP_MM = 8.0
_SWEEPS = 5
_PATIENCE = 4


def mirror_fit(near: Neighbourhood) -> float:
    """The fit of the best mirror image over that of the volume itself; above 1 the mirror image fits better.

    The volume is mirrored along x, y and z about the middle of the fixed body, and it and its mirror images
    are moved to where they fit best. 0 where nothing fits.
    """
    search = _Search(near)
    scores = [search.best(np.eye(4))]
    for axis in range(3):
        mirror = np.eye(4)
        mirror[axis, axis] = -1
        mirror[axis, 3] = 2 * search.center[axis]
        scores.append(search.best(mirror))
    return max(scores[1:]) / scores[0] if scores[0] > 0 else 0.0


class _Search:
    """Climbs with few points and scores with many."""

    def __init__(self, near: Neighbourhood) -> None:
        # the verdict's weights were set with points on the centres of voxels
        self._rough = Similarity(near.fixed, near.moving, _CLIMBING, scatter=0)
        self._exact = Similarity(near.fixed, near.moving, _COMPARED, scatter=0)
        self.center = self._rough.center

    def best(self, begin: Matrix) -> float:
        """The best score near a transform."""
        steps = np.array([_STEP_MM / self._rough.radius_mm] * 3 + [_STEP_MM] * 3)

        def moved(pose: NDArray[np.float64]) -> Matrix:
            return np.asarray(begin @ pose_matrix(pose, self.center))

        pose, _ = climb(lambda p: self._rough(moved(p)), np.zeros(6), steps, _SWEEPS, patience=_PATIENCE)
        return self._exact(moved(pose))
