import numpy as np
from BSAFusionLib.engine.color import LUMA, colorize, fuse_color
from BSAFusionLib.engine.recolor import recolor, to_levels

RANDOM = np.random.default_rng(5)
FUSED = RANDOM.random((6, 7, 8), dtype=np.float32)
TRACER = RANDOM.random((6, 7, 8), dtype=np.float32) * 12 - 1  # SUV
WINDOW = (0.0, 10.0)
PALETTE = np.rint(255 * colorize(np.linspace(0, 1, 256, dtype=np.float32), "pet-heat")).astype(np.uint8)


def recolored(strength: float, palette: np.ndarray = PALETTE) -> np.ndarray:
    out = np.empty((*FUSED.shape, 3), np.uint8)
    recolor(to_levels(FUSED, (0, 1)), to_levels(TRACER, WINDOW), palette, strength, out)
    return out


def test_full_strength_is_the_colour_that_the_fusion_gives() -> None:
    truth = fuse_color(FUSED, np.clip(TRACER / 10, 0, 1), "pet-heat")
    np.testing.assert_allclose(recolored(1).astype(int), truth, atol=3)  # of 255; both sides are rounded


def test_no_strength_is_the_grey_picture() -> None:
    np.testing.assert_allclose(
        recolored(0), np.broadcast_to(255 * FUSED[..., None], (*FUSED.shape, 3)), atol=1
    )


def test_strength_leaves_the_brightness_alone() -> None:
    for strength in (0.3, 1):
        np.testing.assert_allclose(recolored(strength) @ LUMA, 255 * FUSED, atol=1.5)


def test_another_palette_gives_other_hues() -> None:
    red = np.stack([np.arange(256), np.zeros(256), np.zeros(256)], axis=1).astype(np.uint8)
    result = recolored(1, red).astype(int)
    assert (result[..., 0] >= result[..., 1]).all()
    assert (result[..., 1] == result[..., 2]).all()


def test_levels_clip_at_the_window_and_round() -> None:
    values = np.array([[-5.0, 0, 5, 10, 99]], np.float64)
    assert to_levels(values, WINDOW).tolist() == [[0, 0, 128, 255, 255]]
    assert to_levels(values.astype(np.int16), WINDOW).tolist() == [[0, 0, 128, 255, 255]]
