import numpy as np
import pytest
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.matrix_power import matrix_power

from Testing.engine.phantoms import rigid

AFFINE = rigid((20, -15, 40), (30, -12, 250)) @ np.diag([1.1, 0.9, 1.05, 1])


@pytest.mark.parametrize(
    "matrix", [np.eye(4), rigid((0, 0, 0), (5, -300, 7)), rigid((10, 170, 0), (3, 4, 5)), AFFINE]
)
def test_halves_and_thirds_make_up_the_whole(matrix: np.ndarray) -> None:
    half, third = matrix_power(matrix, 1 / 2), matrix_power(matrix, 1 / 3)
    np.testing.assert_allclose(half @ half, matrix, atol=1e-8)
    np.testing.assert_allclose(third @ third @ third, matrix, atol=1e-8)


def test_the_ends_are_exact() -> None:
    np.testing.assert_array_equal(matrix_power(AFFINE, 0), np.eye(4))
    np.testing.assert_array_equal(matrix_power(AFFINE, 1), AFFINE)


def test_a_turn_is_halved_as_a_turn() -> None:
    np.testing.assert_allclose(
        matrix_power(rigid((0, 0, 90), (0, 0, 8)), 0.5), rigid((0, 0, 45), (0, 0, 4)), atol=1e-10
    )


def test_every_part_of_a_rigid_transform_is_rigid() -> None:
    for part in np.linspace(0, 1, 9):
        turn = matrix_power(rigid((25, 40, -100), (10, 20, 30)), part)[:3, :3]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)


def test_a_mirror_is_refused() -> None:
    with pytest.raises(InputError, match="mirrors"):
        matrix_power(np.diag([-1.0, 1, 1, 1]), 0.5)
