"""Fusion metrics against values that can be worked out by hand."""

import numpy as np
import pytest
from BSAFusionLib.engine import metrics
from BSAFusionLib.engine.errors import InputError
from numpy.typing import NDArray

Pair = NDArray[np.float64]


@pytest.fixture
def pair() -> Pair:
    rng = np.random.default_rng(3)
    coarse = rng.random((2, 12, 10))
    return coarse.repeat(4, axis=1).repeat(5, axis=2)


def test_equal_images_score_one(pair: Pair) -> None:
    a = pair[0]
    assert metrics.ncc(a, a) == pytest.approx(1)
    assert metrics.ssim(a, a) == pytest.approx(1)
    assert metrics.vif(a, a) == pytest.approx(1, abs=1e-6)


def test_ncc_ignores_gain_and_offset_and_follows_the_sign(pair: Pair) -> None:
    a = pair[0]
    assert metrics.ncc(a, 0.2 + 0.3 * a) == pytest.approx(1)
    assert metrics.ncc(a, 1 - a) == pytest.approx(-1)
    assert metrics.ncc(a, np.ones_like(a)) == 0


def test_ncc_is_the_correlation_coefficient(pair: Pair) -> None:
    a, b = pair
    assert metrics.ncc(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_ssim_of_two_constant_images_is_the_luminance_term() -> None:
    x, y = np.full((40, 33), 0.4), np.full((40, 33), 0.6)
    assert metrics.ssim(x, y) == pytest.approx((2 * 0.24 + 1e-4) / (0.16 + 0.36 + 1e-4))


def test_ssim_of_an_image_and_its_shift_in_brightness_is_the_luminance_term_alone() -> None:
    checks = np.indices((40, 40)).sum(axis=0) % 2 * 0.2
    window = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window /= window.sum()
    odd = np.indices((11, 11)).sum(axis=0) % 2
    means = 0.2 * np.sum(np.outer(window, window) * np.array([odd, 1 - odd]), axis=(1, 2))
    expected = np.mean((2 * means * (means + 0.5) + 1e-4) / (means**2 + (means + 0.5) ** 2 + 1e-4))
    assert metrics.ssim(checks, checks + 0.5) == pytest.approx(expected)


def test_sum_of_disjoint_sources_has_the_largest_scd() -> None:
    a, b = np.zeros((2, 40, 40))
    a[5:15, 5:20], b[20:35, 22:36] = 0.7, 0.9
    assert metrics.scd(a, b, a + b) == pytest.approx(2)


def test_average_of_the_sources_has_an_scd_of_their_difference(pair: Pair) -> None:
    a, b = pair
    difference = a - b
    expected = metrics.ncc(difference, a) - metrics.ncc(difference, b)
    assert metrics.scd(a, b, (a + b) / 2) == pytest.approx(expected)


def test_qabf_of_one_source_against_itself_is_the_top_of_both_sigmoids(pair: Pair) -> None:
    a = pair[0]
    top = 0.9994 / (1 + np.exp(-15 * 0.5)) * 0.9879 / (1 + np.exp(-22 * 0.2))
    assert metrics.qabf(a, a, a) == pytest.approx(top)


def test_qabf_of_lost_edges_is_the_foot_of_the_strength_sigmoid() -> None:
    """A constant result has no strength; its orientation counts as vertical, like the source's edges here."""
    step = np.repeat(np.arange(40)[:, None] > 20, 36, axis=1).astype(float)
    foot = 0.9994 / (1 + np.exp(15 * 0.5)) * 0.9879 / (1 + np.exp(-22 * 0.2))
    assert metrics.qabf(step, step, np.zeros_like(step)) == pytest.approx(foot)


def test_qabf_halves_the_weight_of_a_dropped_source() -> None:
    a, b = np.zeros((2, 40, 40))
    a[8:20, 8:20], b[24:36, 24:36] = 0.5, 0.5
    both, one = metrics.qabf(a, b, a + b), metrics.qabf(a, b, a)
    assert one == pytest.approx(both / 2, abs=0.01)


def test_vif_of_half_the_contrast_follows_the_channel_model() -> None:
    """Checks of one pixel have the variance 0.01 everywhere at the first scale and none at the others."""
    checks = np.indices((48, 40)).sum(axis=0) % 2 * 0.2
    noise = 2 / 255**2
    expected = np.log(1 + 0.25 * 0.01 / noise) / np.log(1 + 0.01 / noise)
    assert metrics.vif(checks, 0.5 * checks + 0.1) == pytest.approx(expected, abs=1e-5)


def test_noise_keeps_no_information() -> None:
    x, y = np.random.default_rng(0).random((2, 64, 48))
    assert metrics.vif(x, y) < 0.05


def test_more_contrast_than_the_source_has_a_vif_above_one(pair: Pair) -> None:
    a = pair[0] * 0.4
    assert metrics.vif(a, 2 * a) > 1


def test_fusion_scores_are_means_over_both_sources(pair: Pair) -> None:
    a, b = pair
    fused = np.maximum(a, b)
    assert metrics.ssim_fusion(a, b, fused) == pytest.approx(
        (metrics.ssim(a, fused) + metrics.ssim(b, fused)) / 2
    )
    assert metrics.vif_fusion(a, b, fused) == pytest.approx(
        (metrics.vif(a, fused) + metrics.vif(b, fused)) / 2
    )


def test_images_of_different_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(40, 40\) and \(40, 41\)"):
        metrics.ncc(np.zeros((40, 40)), np.zeros((40, 41)))
