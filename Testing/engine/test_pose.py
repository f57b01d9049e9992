import numpy as np
import pytest
from BSAFusionLib.engine.pose import climb, pose_matrix, rotation_matrix, starts

from Testing.engine.phantoms import rigid


def test_a_rotation_vector_turns_about_itself() -> None:
    np.testing.assert_allclose(
        rotation_matrix(np.radians([0, 0, 30])), rigid((0, 0, 30), (0, 0, 0))[:3, :3], atol=1e-12
    )
    vector = np.array([0.3, -0.2, 0.5])
    np.testing.assert_allclose(rotation_matrix(vector) @ vector, vector)


def test_a_pose_turns_about_its_centre_and_then_shifts() -> None:
    center = np.array([10.0, 20, 30])
    matrix = pose_matrix(np.array([0, 0, np.pi / 2, 1, 2, 3]), center)
    np.testing.assert_allclose((matrix @ [10, 20, 30, 1])[:3], [11, 22, 33])
    np.testing.assert_allclose((matrix @ [11, 20, 30, 1])[:3], [11, 23, 33])


def test_an_affine_pose_scales_before_it_turns() -> None:
    parameters = np.concatenate([np.zeros(6), np.log([2.0, 3, 4]), [0.1, 0.2, 0.3]])
    truth = np.array([[2, 0.1, 0.2], [0, 3, 0.3], [0, 0, 4]])
    np.testing.assert_allclose(pose_matrix(parameters, np.zeros(3))[:3, :3], truth)


def test_starts_hold_every_shift_with_and_without_rotation() -> None:
    found = starts([np.zeros(3), np.ones(3)], 25)
    assert len(found) == 54
    angles = np.degrees([np.linalg.norm(start[:3]) for start in found])
    assert sorted(set(angles.round(9))) == [0, 25]


def test_climb_finds_the_top_of_a_tilted_ridge() -> None:
    top = np.array([3.0, -2.0])

    def ridge(x: np.ndarray) -> float:
        along, across = np.array([1, 1]) @ (x - top), np.array([1, -1]) @ (x - top)
        return float(-(along**2) - 20 * across**2)

    found, height = climb(ridge, np.zeros(2), np.ones(2), 12)
    np.testing.assert_allclose(found, top, atol=0.02)
    assert height == pytest.approx(ridge(found))


def test_patience_follows_a_bent_ridge_that_shrinking_steps_give_up_on() -> None:
    def valley(x: np.ndarray) -> float:  # Rosenbrock's function, top at (1, 1)
        return float(-((1 - x[0]) ** 2) - 100 * (x[1] - x[0] ** 2) ** 2)

    start, steps = np.array([-1.5, 2.0]), np.full(2, 0.1)
    _, hasty = climb(valley, start, steps, 4)
    found, patient = climb(valley, start, steps, 4, patience=40)
    assert hasty < -1 < patient
    np.testing.assert_allclose(found, (1, 1), atol=0.1)
