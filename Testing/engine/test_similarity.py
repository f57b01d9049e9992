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
    flat = np.zeros((*values.shape, 3), np.float32)
    pair = (one, (np.floor(other * 23) / 23).astype(np.float32))
    sampled, partner = (Level(v, flat, everywhere, everywhere, np.eye(4)) for v in pair)
    a, b = np.minimum((one * 24).astype(int), 23).ravel(), np.floor(other * 23).astype(int).ravel()

    def entropy(labels: np.ndarray) -> float:
        p = np.unique(labels, return_counts=True)[1] / labels.size
        return float(-(p * np.log(p)).sum())

    truth = (entropy(a) + entropy(b)) / entropy(a * 100 + b) - 1
    found = Similarity(sampled, partner, count=10_000, scatter=0).mutual_information(np.eye(4))
    assert found == pytest.approx(truth, rel=1e-3)


def test_points_outside_count_against_it() -> None:
    similarity = Similarity(MR, MR, 4000)
    shift = rigid((0, 0, 0), (100, 0, 0))
    assert similarity.overlap(np.eye(4)) == 1
    assert 0.2 < similarity.overlap(shift) < 0.7
    assert similarity(rigid((0, 0, 0), (500, 0, 0))) == 0


def test_gradients_agree_along_one_axis_whatever_their_sign() -> None:
    """Ramps that rise along one axis match their negative fully and one turned by 60 degrees by a quarter."""
    grid = axial_grid((10, 10, 10))
    everywhere = np.ones(grid.shape, bool)
    values = np.random.default_rng(8).random(grid.shape).astype(np.float32)

    def slope(vector: tuple[float, float, float]) -> Level:
        field = np.broadcast_to(np.array(vector, np.float32), (*grid.shape, 3))
        return Level(values, field, everywhere, everywhere, grid.ijk_to_ras)

    turned = (0.5, np.sqrt(0.75), 0.0)
    same, against, across = (
        Similarity(slope((1, 0, 0)), slope(v), 2000) for v in ((1, 0, 0), (-1, 0, 0), turned)
    )
    assert against(np.eye(4)) == pytest.approx(same(np.eye(4)))
    assert across(np.eye(4)) == pytest.approx(0.25**2 * same(np.eye(4)), rel=1e-4)
    back = np.eye(4)
    back[:3, :3] = rigid((0, 0, 60), (0, 0, 0))[:3, :3]
    agreement = across(back) / across.mutual_information(back) / across.overlap(back)
    assert agreement == pytest.approx(1, rel=1e-4)


def test_two_halves_share_all_points_like_the_fields_of_a_chess_board() -> None:
    """The overlap is a mean over points, so a shift tells how many points each half has, and where."""
    whole = Similarity(MR, MR, 4000)
    halves = whole.halves(20.0)
    shift = rigid((0, 0, 0), (100, 0, 0))
    assert [half.overlap(np.eye(4)) for half in halves] == [1, 1]
    overlaps = [half.overlap(shift) for half in halves]
    assert overlaps[0] != overlaps[1]
    assert min(overlaps) < whole.overlap(shift) < max(overlaps)
    assert overlaps == pytest.approx([whole.overlap(shift)] * 2, abs=0.1)


def test_points_are_scattered_so_that_no_shift_puts_all_of_them_on_voxels() -> None:
    """Points on the centres of voxels would leave the volume a whole plane at a time."""
    grid = axial_grid((10, 10, 10))
    everywhere = np.ones(grid.shape, bool)
    values = np.random.default_rng(9).random(grid.shape).astype(np.float32)
    flat = Level(values, np.zeros((*grid.shape, 3), np.float32), everywhere, everywhere, grid.ijk_to_ras)
    similarity = Similarity(flat, flat, 10_000)
    columns = grid.shape[2]
    for shift_mm in (10.0, 12.0, 14.0, 16.0, 18.0, 20.0):
        outside = 1 - similarity.overlap(rigid((0, 0, 0), (shift_mm, 0, 0)))
        assert outside == pytest.approx(shift_mm / (10 * columns), abs=0.004)
