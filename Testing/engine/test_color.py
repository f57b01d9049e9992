"""Coloured fusion of PET and SPECT."""

import colorsys

import numpy as np
import pytest
from BSAFusionLib.engine.color import LUMA, colorize, fuse_color, resolve_colormap
from numpy.typing import NDArray

MAPS = ("hot", "rainbow", "pet-heat", "spectrum")


def stack(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)[None, None]


@pytest.mark.parametrize("name", MAPS)
def test_no_uptake_on_black_is_exactly_black(name: str) -> None:
    assert not fuse_color(stack(0, 0), stack(0, 1), name).any()
    assert not colorize(stack(0), name).any()


@pytest.mark.parametrize("name", MAPS)
def test_no_uptake_on_anatomy_is_grey(name: str) -> None:
    assert fuse_color(stack(0.4), stack(0), name).ravel().tolist() == [102, 102, 102]


@pytest.mark.parametrize("name", MAPS)
def test_brightness_is_the_fused_value_whatever_the_colour(name: str) -> None:
    rng = np.random.default_rng(0)
    fused, tracer = rng.random((2, 3, 20, 20), np.float32)
    luma = fuse_color(fused, tracer, name) @ LUMA / 255
    np.testing.assert_allclose(luma, fused, atol=0.51 / 255)


@pytest.mark.parametrize("name", MAPS)
def test_hue_is_the_tracers(name: str) -> None:
    tracer = stack(*np.linspace(0.15, 0.85, 15))
    result = fuse_color(np.full_like(tracer, 0.5), tracer, name)[0, 0]
    for ours, reference in zip(result, colorize(tracer, name)[0, 0], strict=True):
        hue, wanted = colorsys.rgb_to_hsv(*ours / 255)[0], colorsys.rgb_to_hsv(*reference)[0]
        assert min(abs(hue - wanted), 1 - abs(hue - wanted)) < 0.02


@pytest.mark.parametrize("name", MAPS)
def test_colours_get_brighter_or_change_without_jumps(name: str) -> None:
    colors = colorize(np.linspace(0, 1, 1024, dtype=np.float32), name)
    assert np.abs(np.diff(colors, axis=0)).max() < 0.01
    assert len(np.unique(colors, axis=0)) > 1000


def test_white_stays_white() -> None:
    assert fuse_color(stack(1), stack(0.6), "rainbow").ravel().tolist() == [255, 255, 255]


def test_only_tracers_get_colours_and_only_when_wanted() -> None:
    assert resolve_colormap("auto", "pet") == "pet-heat"
    assert resolve_colormap("auto", "spect") == "spectrum"
    assert resolve_colormap("hot", "pet") == "hot"
    assert resolve_colormap("none", "pet") is None
    assert resolve_colormap("hot", "ct") is None
