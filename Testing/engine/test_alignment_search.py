import numpy as np
import pytest
from BSAFusionLib.engine import alignment_search
from BSAFusionLib.engine.alignment_search import AlignmentSearch
from BSAFusionLib.engine.body import Level

from Testing.engine.phantoms import Matrix, axial_grid, head, rigid

HEAD = head(axial_grid((8.0, 8.0, 8.0)), "mr")
POINTS = np.array([[x, y, z] for x in (-50, 50) for y in (-60, 60) for z in (-55, 55)], float)
BROAD = rigid((6, -4, 5), (9, -6, 4))
NARROW = rigid((0, 0, 0), (0, 5.5, 0)) @ BROAD
SEEN_MM = 7.0  # the narrow peak shows below this spacing


def distance_mm(a: Matrix, b: Matrix) -> float:
    difference = a - b
    moved = POINTS @ difference[:3, :3].T + difference[:3, 3]
    return float(np.sqrt((moved**2).sum(axis=1).mean()))


class Peaks:
    """A broad peak, and beside it a narrow one, twice as high, that coarse volumes do not show."""

    center = np.zeros(3)
    radius_mm = float(np.sqrt((POINTS**2).sum(axis=1).mean()))

    def __init__(self, sampled: Level, _other: Level, _count: int) -> None:
        spacing = float(np.linalg.norm(sampled.ijk_to_ras[:3, 0]))
        self._narrow = 1.0 if spacing < SEEN_MM else 0.0

    def __call__(self, matrix: Matrix) -> float:
        broad = 1 / (1 + (distance_mm(matrix, BROAD) / 20) ** 2)
        return broad + self._narrow * float(np.exp(-((distance_mm(matrix, NARROW) / 1.2) ** 2)))


def test_a_better_pose_five_millimetres_beside_the_one_found_is_found_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alignment_search, "Similarity", Peaks)
    found = AlignmentSearch(HEAD, HEAD).rigid()
    assert distance_mm(found.matrix, NARROW) < 0.1
