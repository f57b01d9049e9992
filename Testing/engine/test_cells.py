"""Folds between the voxels."""

import numpy as np
import pytest
from BSAFusionLib.engine.cells import folded_cells
from BSAFusionLib.engine.index_warp import IndexWarp
from BSAFusionLib.engine.jacobian import jacobian_determinant, repair_folds
from BSAFusionLib.engine.volume import Grid

from Testing.engine.phantoms import smooth_field, tilted_grid

GRID = tilted_grid((8, 9, 10), (2.0, 3.0, 4.0), left_handed=True)


def zigzag(grid: Grid) -> np.ndarray:
    """Every second column jumps ahead of the next: central differences see nothing."""
    u = np.zeros((*grid.shape, 3), np.float32)
    u[:, :, ::2] = 1.5 * grid.ijk_to_ras[:3, 0]
    return u


def smallest_inside_cells(u: np.ndarray, grid: Grid) -> float:
    """Determinants at random points of the map that is linear between voxels, by its own differences."""
    random = np.random.default_rng(1)
    warp = IndexWarp(u, grid)
    last = np.array(grid.shape[::-1])[:, None] - 1
    points = (random.random((3, 4000)) * last).astype(np.float32)
    points = np.clip(points, np.floor(points) + 0.02, np.floor(points) + 0.98)
    step = np.float32(1e-2)
    columns = []
    for axis in range(3):
        shift = np.zeros((3, 1), np.float32)
        shift[axis] = step
        columns.append(
            (2 * step * np.eye(3)[:, [axis]] + warp(points + shift) - warp(points - shift)) / (2 * step)
        )
    return float(np.linalg.det(np.stack(columns, axis=-1).transpose(1, 0, 2)).min())


def test_a_zigzag_that_central_differences_miss_is_found_and_repaired() -> None:
    u = zigzag(GRID)
    assert jacobian_determinant(u, GRID)[:, :, 1:-1].min() == pytest.approx(1)
    assert smallest_inside_cells(u, GRID) < 0
    assert len(folded_cells(u, GRID)) > 0
    repaired, repair = repair_folds(u, GRID)
    assert repair.folded > 0
    assert len(folded_cells(repaired, GRID)) == 0
    assert smallest_inside_cells(repaired, GRID) > 0


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_made_one_to_one_everywhere(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 4, (*GRID.shape, 3)).astype(np.float32)
    repaired, _ = repair_folds(noise, GRID)
    assert jacobian_determinant(repaired, GRID).min() > 0.05
    assert smallest_inside_cells(repaired, GRID) > 0
    assert repaired.any()


def test_a_calm_field_is_left_as_it_is() -> None:
    u = smooth_field(GRID, 1.0).astype(np.float32)
    assert len(folded_cells(u, GRID)) == 0
    assert repair_folds(u, GRID)[0] is u


def test_a_steep_field_without_folds_is_left_as_it_is() -> None:
    """Stretched to 1.9 and to 0.3 of its length: steep, but in order."""
    u = np.zeros((*GRID.shape, 3), np.float32)
    index = np.arange(GRID.shape[2])
    u += (np.interp(index, [0, 4, 9], [0, 3.6, 0.1])[:, None] * GRID.ijk_to_ras[:3, 0]).astype(np.float32)
    assert smallest_inside_cells(u, GRID) == pytest.approx(0.3, abs=0.01)
    assert len(folded_cells(u, GRID)) == 0


@pytest.mark.parametrize("shear", [0.0, 0.7])
def test_every_cell_with_a_fold_is_found_also_where_axes_are_not_perpendicular(shear: float) -> None:
    """Against all 64 determinants of all cells, by numpy."""
    matrix = GRID.ijk_to_ras @ np.array([[1, shear, 0, 0], [0, 1, shear, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    grid = Grid((5, 6, 7), matrix)
    u = np.random.default_rng(2).normal(0, 0.5, (*grid.shape, 3)).astype(np.float32)
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)[..., ::-1]
    places = u + index @ matrix[:3, :3].T
    expected = [cell for cell in np.ndindex(4, 5, 6) if folds(places[tuple(slice(n, n + 2) for n in cell)])]
    assert 0 < len(expected) < 60
    assert [tuple(cell) for cell in folded_cells(u, grid)] == expected


def folds(corners: np.ndarray) -> bool:
    """Whether one edge each along i, j and k span no volume, or an inverted one; GRID is left-handed."""
    edges = [np.diff(corners, axis=axis).reshape(4, 3) for axis in (2, 1, 0)]
    volumes = [np.linalg.det([a, b, c]) for a in edges[0] for b in edges[1] for c in edges[2]]
    return -max(volumes) <= 0
