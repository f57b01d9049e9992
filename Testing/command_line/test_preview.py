import numpy as np
from BSAFusionLib.command_line.preview import TILE, Column, choose_slices, draw_preview
from BSAFusionLib.command_line.warped_grid import draw_warped_grid
from BSAFusionLib.engine import Grid
from BSAFusionLib.engine.slices import SliceFrame
from PIL import Image

LPS_GRID = Grid((10, 20, 40), np.array([[-2.0, 0, 0, 40], [0, -4, 0, 40], [0, 0, 3, 0], [0, 0, 0, 1]]))
FIRST_TILE = (16, 50)


def preview(array: np.ndarray, grid: Grid) -> Image.Image:
    still = np.zeros((*grid.shape, 3))
    return draw_preview([Column("Fixed", "", array)], still, SliceFrame.along(grid, 2), "")


def middle_tile(picture: Image.Image) -> np.ndarray:
    left, top = FIRST_TILE[0], FIRST_TILE[1] + TILE + 8
    return np.asarray(picture.crop((left, top, left + TILE, top + TILE)))[:, :, 0]


def test_the_patients_right_is_on_the_left_and_the_front_on_top() -> None:
    array = np.full(LPS_GRID.shape, 40, np.uint8)
    array[:, :5, :10] = 255  # low i is right, low j is front: i runs to the left, j to the back
    tile = middle_tile(preview(array, LPS_GRID))
    assert tile[40, 40] > 200
    assert tile[40, 250] < 80
    assert tile[250, 40] < 80


def test_a_volume_stored_the_other_way_round_looks_the_same() -> None:
    array = np.random.default_rng(1).integers(40, 255, LPS_GRID.shape).astype(np.uint8)
    turned = LPS_GRID.ijk_to_ras @ np.array([[-1, 0, 0, 39], [0, -1, 0, 19], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    same = preview(array[:, ::-1, ::-1], Grid(LPS_GRID.shape, turned))
    assert np.array_equal(np.asarray(preview(array, LPS_GRID)), np.asarray(same))


def test_pixels_are_square() -> None:
    wide = Grid((10, 20, 40), np.diag([-2.0, -2.0, 3.0, 1.0]))
    tile = middle_tile(preview(np.full(wide.shape, 255, np.uint8), wide))
    rows = np.flatnonzero(tile[:, 5] > 200)
    assert (rows.min(), rows.max()) == (75, 224)


def test_slices_spread_over_what_is_to_be_seen() -> None:
    stack = np.zeros((50, 8, 8), np.uint8)
    stack[10:31] = 200
    assert choose_slices(stack) == [16, 20, 24]


def test_grid_lines_move_with_the_displacement() -> None:
    displacement = np.zeros((40, 40, 2))
    straight = lines_across(displacement)
    displacement[..., 0] = 4.0
    assert np.abs(lines_across(displacement) - straight - 4 * 3).max() <= 1


def lines_across(displacement: np.ndarray) -> np.ndarray:
    """Columns where a row between horizontal lines meets vertical ones; 1 mm pixels drawn 3 times larger."""
    opacity = np.asarray(draw_warped_grid(displacement, (1.0, 1.0), 3.0, (120, 120)))[30, :, 3]
    peaks = (opacity[1:-1] > opacity[:-2]) & (opacity[1:-1] >= opacity[2:]) & (opacity[1:-1] > 60)
    return np.flatnonzero(peaks)[:3]
