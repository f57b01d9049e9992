import numpy as np
from bsafusion_demo.misalignment import Misalignment, random_misalignment
from BSAFusionLib.engine import Volume
from BSAFusionLib.engine.geometry import points_ras

IJK_TO_RAS = np.array([[-2.0, 0, 0, 60], [0, 2, 0, -50], [0, 0, 2.5, -40], [0, 0, 0, 1]])
BLOB = np.array([12.0, -8.0, 6.0])


def phantom(center: np.ndarray) -> Volume:
    empty = Volume(np.zeros((40, 50, 60), np.float32), IJK_TO_RAS)
    distance = np.linalg.norm(points_ras(empty.grid) - center, axis=-1)
    return empty.with_array(np.exp(-((distance / 6) ** 2)).astype(np.float32))


def misalignment() -> Misalignment:
    points = np.random.default_rng(5).uniform(-40, 40, (500, 3))
    return random_misalignment(np.random.default_rng(7), points, shift_mm=12, degrees=8, elastic_mm=5)


def test_a_landmark_is_found_where_the_truth_says() -> None:
    moved = misalignment().apply(phantom(BLOB))
    weights = moved.array[..., None]
    found = (points_ras(moved.grid) * weights).sum(axis=(0, 1, 2)) / weights.sum()
    assert np.linalg.norm(found - misalignment().to_moved(BLOB[None])[0]) < 0.5
    assert np.linalg.norm(found - BLOB) > 5


def test_the_two_directions_undo_each_other() -> None:
    points = np.random.default_rng(6).uniform(-60, 60, (100, 3))
    there = misalignment()
    assert np.abs(there.to_original(there.to_moved(points)) - points).max() < 1e-6


def test_the_parts_have_the_sizes_asked_for() -> None:
    points = np.random.default_rng(5).uniform(-40, 40, (500, 3))
    made = misalignment()
    center = points.mean(axis=0)
    moved_center = made.rigid[:3, :3] @ center + made.rigid[:3, 3]
    angle = np.degrees(np.arccos((np.trace(made.rigid[:3, :3]) - 1) / 2))
    inverse = np.linalg.inv(made.rigid)
    elastic = points - (made.to_moved(points) @ inverse[:3, :3].T + inverse[:3, 3])
    assert np.isclose(np.linalg.norm(moved_center - center), 12)
    assert np.isclose(angle, 8)
    assert np.isclose(np.linalg.norm(elastic, axis=1).mean(), 5, atol=0.5)


def test_no_point_is_shown_twice() -> None:
    points = np.random.default_rng(8).uniform(-80, 80, (300, 3))
    steps = np.stack([misalignment().to_original(points + step) for step in 1e-3 * np.eye(3)], axis=-1)
    jacobian = (steps - misalignment().to_original(points)[..., None]) / 1e-3
    assert (np.linalg.det(jacobian) > 0).all()
