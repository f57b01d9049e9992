"""The way back from moving to fixed points."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from BSAFusionLib.engine import FusionConfig, fuse
from BSAFusionLib.engine.exchange import read_result, write_result
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.index_warp import IndexWarp
from BSAFusionLib.engine.inverse import invert, round_trip
from BSAFusionLib.engine.io import write_inverse, write_transform
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import axial_grid, head, rigid, smooth_field, tilted_grid

FLIP = np.array([-1.0, -1.0, 1.0])
GRID = tilted_grid((14, 30, 26), (2.0, 3.0, 5.0), left_handed=True)
INITIAL = rigid((15, 5, -25), (3, -4, 20))


def inner_points(grid: Grid, count: int = 500) -> NDArray[np.float64]:
    """Random points inside the box of voxel centres, RAS mm."""
    index = np.random.default_rng(1).uniform(0, 1, (count, 3)) * (np.array(grid.shape[::-1]) - 1)
    return np.asarray(index @ grid.ijk_to_ras[:3, :3].T + grid.ijk_to_ras[:3, 3])


def mapped(transform: sitk.Transform, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([transform.TransformPoint(point) for point in (points * FLIP).tolist()]) * FLIP


def test_the_written_transforms_undo_each_other_in_simpleitk(tmp_path: Path) -> None:
    field = smooth_field(GRID)
    inverse = invert(field, GRID, INITIAL)
    write_transform(field, GRID, INITIAL, tmp_path / "transform.h5")
    write_inverse(inverse, tmp_path / "inverse_transform.h5")
    there, back = (sitk.ReadTransform(str(tmp_path / f"{n}.h5")) for n in ("transform", "inverse_transform"))
    points = inner_points(GRID)
    moved = mapped(there, points)
    assert np.linalg.norm(moved - points, axis=1).min() > 5
    error = np.linalg.norm(mapped(back, moved) - points, axis=1)
    assert error.max() <= inverse.max_mm + 0.005
    assert inverse.max_mm < 0.1


def test_a_linear_displacement_has_the_linear_inverse() -> None:
    """x + u(x) = c + M (x - c), so p + v(p) = c + M^-1 (p - c), which both grids hold exactly."""
    matrix = rigid((2, -3, 2), (0, 0, 0))[:3, :3] @ np.diag([0.95, 1.04, 1.02])
    center = np.array([11.0, -23.0, 37.0])
    offset = points_ras(GRID) - center
    inverse = invert(offset @ (matrix - np.eye(3)).T, GRID, np.eye(4))
    points = points_ras(inverse.grid)
    expected = (points - center) @ (np.linalg.inv(matrix) - np.eye(3)).T
    origin = points + expected
    to_index = np.linalg.inv(GRID.ijk_to_ras)
    index = origin @ to_index[:3, :3].T + to_index[:3, 3]
    inside = ((index >= 0) & (index <= np.array(GRID.shape[::-1]) - 1)).all(axis=-1)
    assert inside.sum() > 5000
    np.testing.assert_allclose(inverse.displacement[inside], expected[inside], atol=0.01)


def test_steep_stretches_and_squeezes_are_inverted_where_plain_steps_run_away() -> None:
    """Slopes from -0.95 to +4: a plain step multiplies the error by up to 4."""
    grid = Grid((2, 2, 400), np.eye(4))
    x = np.arange(400.0)
    path = np.cumsum(np.where((x // 40) % 2 == 0, 0.05, 5.0))
    field = np.zeros((*grid.shape, 3))
    field[..., 0] = path - x
    targets = np.random.default_rng(0).uniform(0.2, path[-1], 3000).astype(np.float32)
    found = IndexWarp(field, grid).origin(np.stack([targets, targets * 0, targets * 0 + 1]), 1e-3)
    assert np.abs(found[0] - np.interp(targets, path, x)).max() < 0.03  # 0.001 through a slope of 0.05
    np.testing.assert_allclose(found[1:].T, [[0, 1]] * 3000, atol=1e-3)


def test_a_jump_between_thick_slices_gets_a_finer_grid() -> None:
    grid = Grid((6, 60, 60), np.diag([1.0, 1.0, 6.0, 1.0]))
    field = np.zeros((*grid.shape, 3))
    x = np.arange(60.0)
    field[::2, ..., 0] = 4 * np.sin(x / 10)
    inverse = invert(field, grid, np.eye(4))
    assert inverse.grid.spacing[2] < 6
    assert inverse.max_mm < 0.1


def test_the_inverse_covers_where_points_are_sent() -> None:
    grid = Grid((5, 20, 20), np.diag([1.0, 1.0, 3.0, 1.0]))
    field = np.full((*grid.shape, 3), [7.5, -2.0, 0.0])
    inverse = invert(field, grid, np.eye(4))
    np.testing.assert_allclose(
        inverse.displacement, np.broadcast_to([-7.5, 2, 0], inverse.displacement.shape)
    )
    np.testing.assert_allclose(inverse.grid.ijk_to_ras[:3, 3], [0, -2, 0])
    assert inverse.grid.shape == (5, 22, 28)


def test_a_fold_shows_in_the_round_trip() -> None:
    grid = Grid((4, 40, 40), np.eye(4))
    field = np.zeros((*grid.shape, 3))
    assert round_trip(field, grid) == {"mean": 0.0, "max": 0.0}
    smooth = 3 * np.sin(np.arange(40) / 8)
    field[..., 0] = smooth
    assert round_trip(field, grid)["max"] < 0.01
    field[..., 0] = 8 * smooth
    assert round_trip(field, grid)["max"] > 5


def test_a_run_makes_the_inverse_when_asked_and_hands_it_over(tmp_path: Path) -> None:
    pair = head(axial_grid((5.0, 5.0, 12.0)), "mr"), head(axial_grid((6.0, 6.0, 9.0)), "ct")
    config = FusionConfig(init="none", elastic="slices", registration_spacing_mm=4.0)
    assert fuse(*pair, config, network(Shift(1.0, -1.0))).inverse is None
    result = fuse(*pair, replace(config, inverse=True), network(Shift(1.0, -1.0)))
    received = read_result(tmp_path, write_result(tmp_path, result))
    assert result.inverse is not None
    assert received.inverse is not None
    np.testing.assert_array_equal(received.inverse.displacement, result.inverse.displacement)
    np.testing.assert_array_equal(received.inverse.grid.ijk_to_ras, result.inverse.grid.ijk_to_ras)
    assert result.report["inverse"]["reached"] is True
    assert result.report["inverse"]["consistency_mm"]["max"] == result.inverse.max_mm < 0.1
    assert result.report["quality"]["inverse_consistency_mm"]["max"] < 0.05
