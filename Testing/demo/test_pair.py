from pathlib import Path

import numpy as np
import pytest
from bsafusion_demo.misalignment import random_misalignment
from bsafusion_demo.pair import Pair
from BSAFusionLib.engine import Grid
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.io import write_transform

GRID = Grid((30, 40, 50), np.array([[-2.0, 0, 0, 50], [0, 2, 0, -40], [0, 0, 2.5, -37], [0, 0, 0, 1]]))


@pytest.fixture
def pair() -> Pair:
    points = np.random.default_rng(5).uniform(-30, 30, (300, 3))
    truth = random_misalignment(np.random.default_rng(7), points, shift_mm=12, degrees=8, elastic_mm=5)
    return Pair(Path("fixed"), Path("moving"), points, truth)


def test_the_true_transform_in_a_file_has_no_error(pair: Pair, tmp_path: Path) -> None:
    points = points_ras(GRID)
    inverse = np.linalg.inv(pair.truth.rigid)
    displacement = pair.truth.to_moved(points) @ inverse[:3, :3].T + inverse[:3, 3] - points
    write_transform(displacement, GRID, pair.truth.rigid, tmp_path / "true.h5")
    assert pair.errors_after(tmp_path / "true.h5").max() < 0.05


def test_doing_nothing_has_the_error_of_the_misalignment(pair: Pair, tmp_path: Path) -> None:
    write_transform(np.zeros((*GRID.shape, 3)), GRID, np.eye(4), tmp_path / "nothing.h5")
    assert np.allclose(pair.errors_after(tmp_path / "nothing.h5"), pair.errors_before())
    assert pair.errors_before().mean() > 5
