import numpy as np
import pytest
from BSAFusionLib.engine.body import Level, level
from BSAFusionLib.engine.similarity import Similarity

from Testing.engine.phantoms import axial_grid, head, rigid, tilted_grid

MR = level(head(axial_grid(), "mr"), 8.0)
CT = level(
    head(tilted_grid((40, 36, 34), (5, 5, 5), (5, -8, 10), left_handed=True, center=(0, 0, 0)), "ct"), 8.0
)


def test_it_is_largest_where_the_heads_coincide() -> None:
    similarity = Similarity(CT, MR, 4000)
    best = similarity(np.eye(4))
    for pose in (rigid((0, 0, 0), (6, 0, 0)), rigid((0, 0, 0), (0, 0, -6)), rigid((0, 8, 0), (0, 0, 0))):
        assert similarity(pose) < 0.9 * best


def test_it_agrees_with_the_entropies_of_a_plain_histogram() -> None:
    """On one grid nothing is interpolated, so that the histogram can be counted by hand."""
    values = np.random.default_rng(7).integers(0, 24, (8, 9, 10)) / 23
    everywhere = np.ones(values.shape, bool)
    one, other = values.astype(np.float32), np.sqrt(values).round(1).astype(np.float32)
    grids = [
        Level(v, everywhere, everywhere, np.eye(4)) for v in (one, np.floor(other * 23) / np.float32(23))
    ]
    a, b = np.minimum((one * 24).astype(int), 23).ravel(), np.floor(other * 23).astype(int).ravel()

    def entropy(labels: np.ndarray) -> float:
        p = np.unique(labels, return_counts=True)[1] / labels.size
        return float(-(p * np.log(p)).sum())

    truth = (entropy(a) + entropy(b)) / entropy(a * 100 + b) - 1
    assert Similarity(*grids, count=10_000)(np.eye(4)) == pytest.approx(truth, rel=1e-3)


def test_points_outside_count_against_it() -> None:
    similarity = Similarity(MR, MR, 4000)
    shift = rigid((0, 0, 0), (100, 0, 0))
    assert similarity.overlap(np.eye(4)) == 1
    assert 0.2 < similarity.overlap(shift) < 0.7
    assert similarity(rigid((0, 0, 0), (500, 0, 0))) == 0
