"""Signs of error, and the confidence made of them."""

from dataclasses import replace

import numpy as np
import pytest
from BSAFusionLib.engine import FusionConfig, fuse
from BSAFusionLib.engine.confidence import Calibration
from BSAFusionLib.engine.disagreement import SIGNS, signs_of_error
from numpy.typing import NDArray

from Testing.engine.networks import BestShift, Shift, network
from Testing.engine.phantoms import axial_grid, head

INNER = (slice(None), slice(14, -14), slice(14, -14))


def noise_pair(x: int, y: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    fixed = np.random.default_rng(0).random((1, 48, 52), np.float32)
    return fixed, np.roll(fixed, (y, x), axis=(1, 2))


def by_name(signs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    return {name: signs[:, n][INNER] for n, name in enumerate(SIGNS)}


def test_a_network_that_follows_every_change_does_not_contradict_itself() -> None:
    fixed, moving = noise_pair(2, -1)
    net = network(BestShift())
    found = by_name(signs_of_error(net, fixed, moving, net.register(fixed, moving)))
    for name in ("flip", "shift", "swap"):
        np.testing.assert_allclose(found[name], 0, atol=1e-5)
    np.testing.assert_allclose(found["size"], np.hypot(2, 1), rtol=1e-5)
    np.testing.assert_allclose(found["edges"], 1, atol=0.08)  # the frame came round from the other side


def test_a_network_that_always_says_the_same_contradicts_itself_by_known_amounts() -> None:
    """Mirrored, (2, -1) becomes (-2, -1); a shift of (3, -2) is not seen; upside down and swapped, (2, 1)."""
    fixed, moving = noise_pair(0, 0)
    net = network(Shift(2.0, -1.0))
    found = by_name(signs_of_error(net, fixed, moving, net.register(fixed, moving)))
    np.testing.assert_allclose(found["flip"], 4, rtol=1e-5)
    np.testing.assert_allclose(found["shift"], np.hypot(3, 2), rtol=1e-5)
    np.testing.assert_allclose(found["swap"], 4, rtol=1e-5)


def test_edges_that_cross_each_other_agree_less_than_edges_that_run_along() -> None:
    stripes = np.tile(np.sin(np.arange(48) / 2).astype(np.float32), (1, 48, 1)) / 2 + 0.5
    net, still = network(Shift()), np.zeros((1, 2, 48, 48), np.float32)
    along = signs_of_error(net, stripes, 1 - stripes, still)[:, -1][INNER]
    across = signs_of_error(net, stripes, stripes.transpose(0, 2, 1).copy(), still)[:, -1][INNER]
    assert along.min() > 0.99
    assert across.max() < 0.01


def test_more_disagreement_means_more_expected_error_and_less_confidence() -> None:
    """The shipped calibration must be usable, whatever network it was made with."""
    calibration = Calibration.load()
    assert (np.diff(calibration.estimate) > 0).all()
    assert (np.diff(calibration.expected) > 0).all()
    assert (np.diff(calibration.within) <= 0).all()
    levels = np.array([0.01, 0.1, 0.5, 1, 2, 5], np.float32)
    signs = np.tile(levels, (1, len(SIGNS), 1, 1))
    signs[:, -1] = 0.5
    expected = calibration.expected_mm(signs, 1.0)[0, 0]
    assert (np.diff(expected) >= 0).all()
    assert expected[-1] > expected[0]
    confidence = calibration.confidence(expected)
    assert (np.diff(confidence) <= 0).all()
    assert 0 <= confidence.min() < confidence.max() <= 1
    np.testing.assert_allclose(calibration.expected_mm(signs, 2.0)[0, 0], 2 * expected)


def test_the_map_lies_on_the_fixed_grid_and_claims_nothing_in_air() -> None:
    fixed, moving = head(axial_grid((5.0, 5.0, 12.0)), "mr"), head(axial_grid((4.0, 4.0, 6.0)), "ct")
    config = FusionConfig(init="none", elastic="slices", registration_spacing_mm=4.0, confidence=True)
    result = fuse(fixed, moving, config, network(Shift()))
    assert result.confidence is not None
    np.testing.assert_array_equal(result.confidence.ijk_to_ras, fixed.ijk_to_ras)
    values = result.confidence.array
    assert values.shape == fixed.shape
    assert 0 <= values.min() <= values.max() <= 1
    assert (values[:, :2, :2] == 0).all()
    middle = values[tuple(n // 2 for n in fixed.shape)]
    assert middle > 0
    report = result.report["confidence"]
    assert report["mean"] == pytest.approx(values[values > 0].mean(), abs=0.05)
    assert "another network" in report["note"]
    assert fuse(fixed, moving, replace(config, confidence=False), network(Shift())).confidence is None
