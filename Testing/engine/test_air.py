"""Volumes that overlap, but share nothing of the patient."""

import numpy as np
import pytest
from BSAFusionLib.engine import Volume
from BSAFusionLib.engine.air import body_points, check_bodies
from BSAFusionLib.engine.errors import GeometryError

from Testing.engine.phantoms import axial_grid, head, rigid, tilted_grid

CT = head(axial_grid((4.0, 5.0, 6.0)), "ct")


def test_a_small_volume_in_the_air_beside_the_head_is_refused_with_the_distance() -> None:
    """A ball whose box spans R -98 to -80; the head ends at R -72."""
    grid = tilted_grid((12, 12, 9), (2.0, 2.0, 2.0), (0, 0, 0), center=(-89, 0, 0))
    ball = Volume(np.zeros(grid.shape, np.float32), grid.ijk_to_ras, "ball")
    ball.array[3:9, 3:9, 2:7] = 100
    for fixed, moving in ((CT, ball), (ball, CT)):
        with pytest.raises(GeometryError, match=r"'ball' \(18 x 24 x 24 mm\) lies where .* only air, \d+ mm"):
            check_bodies(fixed, moving)


def test_a_part_of_the_head_and_a_shifted_head_pass() -> None:
    shifted = head(
        tilted_grid((40, 40, 40), (5.0, 5.0, 5.0), (10, 20, 30)), "mr", rigid((5, 5, 5), (9, 9, 9))
    )
    check_bodies(CT, Volume(CT.array[10:20].copy(), CT.ijk_to_ras, "other slices"))
    check_bodies(CT, shifted)


def test_points_of_the_body_lie_in_the_head() -> None:
    points = body_points(CT)
    assert len(points) > 1000
    assert (np.linalg.norm(points / [80, 115, 130], axis=1) < 1.05).all()
