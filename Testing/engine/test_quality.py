"""Numbers before and after."""

import json

import numpy as np
import pytest
from BSAFusionLib.engine.quality import (
    displacement_statistics,
    normalized_mutual_information,
    similarity,
    slice_jumps,
)
from numpy.typing import NDArray


@pytest.fixture
def noise() -> NDArray[np.float32]:
    return np.random.default_rng(0).random((2, 3, 64, 64), np.float32)


def test_mutual_information_of_equal_images_is_two_and_of_independent_ones_near_one(
    noise: NDArray[np.float32],
) -> None:
    assert normalized_mutual_information(noise[0], noise[0]) == pytest.approx(2)
    assert normalized_mutual_information(*noise) == pytest.approx(1, abs=0.01)


def test_mutual_information_does_not_care_which_value_stands_for_which_tissue() -> None:
    labels = np.random.default_rng(0).integers(0, 4, (40, 40))
    x = np.array([0.1, 0.3, 0.6, 0.9])[labels].astype(np.float32)
    y = np.array([0.7, 0.0, 1.0, 0.2])[labels].astype(np.float32)
    assert normalized_mutual_information(x, y) == pytest.approx(2)


def test_mutual_information_of_a_known_table() -> None:
    """Joint shares 1/2, 1/4, 0, 1/4: H(x) = ln 4 - 3/4 ln 3, H(y) = ln 2, H(x, y) = 3/2 ln 2."""
    x = np.array([0, 0, 0, 1], np.float32)
    y = np.array([0, 0, 1, 1], np.float32)
    expected = (np.log(4) - 0.75 * np.log(3) + np.log(2)) / (1.5 * np.log(2))
    assert normalized_mutual_information(x, y) == pytest.approx(expected)


def test_similarity_looks_only_at_what_is_common(noise: NDArray[np.float32]) -> None:
    fixed, moving = noise[0], noise[0].copy()
    common = np.ones(fixed.shape, bool)
    common[:, :20], common[2] = False, False
    moving[~common] = 0.5
    result = similarity(fixed, moving, common)
    assert result["ncc"] == pytest.approx(1)
    assert result["ncc_per_slice"] == [pytest.approx(1), pytest.approx(1), None]
    assert result["nmi_per_slice"] == [pytest.approx(2), pytest.approx(2), None]


def test_nothing_in_common_gives_no_number_and_stays_json(noise: NDArray[np.float32]) -> None:
    result = similarity(*noise, np.zeros(noise[0].shape, bool))
    assert (result["ncc"], result["nmi"]) == (None, None)
    assert json.loads(json.dumps(result)) == result


def test_a_slice_that_shows_nothing_has_no_number(noise: NDArray[np.float32]) -> None:
    empty = noise[1].copy()
    empty[0] = 0.25
    result = similarity(noise[0], empty, np.ones(empty.shape, bool))
    assert (result["ncc_per_slice"][0], result["nmi_per_slice"][0]) == (None, None)
    assert result["nmi_per_slice"][1] is not None


def test_displacement_statistics_are_lengths_in_mm() -> None:
    u = np.zeros((1, 10, 10, 3), np.float32)
    u[0, :, :, 0] = np.arange(100).reshape(10, 10) * 0.03
    u[0, :, :, 2] = np.arange(100).reshape(10, 10) * 0.04
    expected = {"mean": 49.5 * 0.05, "p95": 94.05 * 0.05, "max": 99 * 0.05}
    assert displacement_statistics(u) == pytest.approx(expected, rel=1e-5)


def test_jumps_are_differences_between_neighbouring_slices() -> None:
    u = np.zeros((4, 5, 6, 3), np.float32)
    u[2:, ..., 1] = 3.0
    u[3, ..., 0] = 4.0
    assert slice_jumps(u) == {"mean": pytest.approx(7 / 3), "max": 4.0, "per_slice": [0.0, 3.0, 4.0]}
