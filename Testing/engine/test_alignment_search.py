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
Shift = tuple[float, float, float]
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


class Halves(Peaks):
    """Two halves whose best poses, by intensities and by gradients, lie a known way beside BROAD."""

    SHIFTS = (((2, 0, 0), (-2, 0, 0)), ((0, 0, 0), (0, 0, 9)))

    def halves(self, _cell_mm: float) -> tuple["Half", ...]:
        return tuple(Half(*shifts) for shifts in self.SHIFTS)


class Half:
    """A half of which the best poses are known."""

    def __init__(self, by_values: Shift, by_gradients: Shift) -> None:
        self._best = [rigid((0, 0, 0), shift) @ BROAD for shift in (by_values, by_gradients)]

    def mutual_information(self, matrix: Matrix) -> float:
        return 1 / (1 + distance_mm(matrix, self._best[0]) ** 2)

    def gradient_agreement(self, matrix: Matrix) -> float:
        return 1 / (1 + distance_mm(matrix, self._best[1]) ** 2)


def test_the_uncertainty_is_how_far_halves_of_the_body_disagree_with_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alignment_search, "Similarity", Halves)
    search = AlignmentSearch(HEAD, HEAD)
    assert search.uncertainty_mm(BROAD, BROAD) == pytest.approx(2, abs=0.02)
    beside = rigid((0, 0, 0), (0, 5, 0)) @ BROAD
    assert search.uncertainty_mm(BROAD, beside) == pytest.approx(np.hypot(2, 5), abs=0.02)
