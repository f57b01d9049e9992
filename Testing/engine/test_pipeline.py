"""Two volumes in, a fused one out."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from BSAFusionLib.engine import FusionConfig, FusionResult, Volume, fuse, fuse_slices
from BSAFusionLib.engine.alignment import LinearAlignment
from BSAFusionLib.engine.errors import Cancelled, GeometryError, InputError, ModelError
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.pipeline import fuse as fuse_pair
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.networks import Average, BestShift, Shift, install, network
from Testing.engine.phantoms import axial_grid, head, rigid, tilted_grid

PLAIN = FusionConfig(init="none", elastic="slices", slice_smoothing_mm=0.0, registration_spacing_mm=4.0)
COARSE = axial_grid((5.0, 5.0, 12.0))
pytestmark = pytest.mark.usefixtures("confirmed")


@pytest.fixture(scope="module")
def pair() -> tuple[Volume, Volume]:
    """MR and CT of one head on different grids, the CT finer and wider."""
    return head(COARSE, "mr"), head(axial_grid((4.0, 4.0, 6.0)), "ct")


@pytest.fixture(scope="module")
def unmoved(pair: tuple[Volume, Volume]) -> FusionResult:
    return fuse(*pair, PLAIN, network(Shift()))


def test_no_displacement_and_no_initial_alignment_is_plain_resampling(
    pair: tuple[Volume, Volume], unmoved: FusionResult
) -> None:
    np.testing.assert_array_equal(unmoved.aligned.array, resample(pair[1], pair[0].grid))
    assert not unmoved.displacement.any()
    np.testing.assert_array_equal(unmoved.initial, np.eye(4))


def test_fused_is_the_networks_blend_of_windowed_slices(
    pair: tuple[Volume, Volume], unmoved: FusionResult
) -> None:
    ct = np.clip(unmoved.aligned.array / 80, 0, 1)
    low, high = unmoved.report["geometry"]["fixed"]["window"]
    mr = np.clip((pair[0].array - low) / (high - low), 0, 1)
    np.testing.assert_allclose(unmoved.fused.array, np.maximum(mr, ct), atol=1e-6)
    np.testing.assert_array_equal(unmoved.fused.ijk_to_ras, pair[0].ijk_to_ras)


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("axis", ["i", "j", "k"])
def test_a_shift_in_pixels_pulls_the_moving_volume_by_that_many_mm(axis: str, left_handed: bool) -> None:
    """The network asks for 2 columns and -1 rows of 3 mm; where they point is told by points of the stack."""
    grid = tilted_grid((20, 24, 22), (6.0, 5.0, 7.0), left_handed=left_handed)
    fixed, moving = noise(grid, 0), noise(grid, 1)
    config = replace(PLAIN, axis=axis, registration_spacing_mm=3.0, modality="mr", fixed_modality="mr")
    result = fuse(fixed, moving, config, network(Shift(2.0, -1.0)))
    lengths = np.linalg.norm(result.displacement, axis=-1)
    np.testing.assert_allclose(lengths, 3 * np.sqrt(5), rtol=1e-4)
    normal = grid.direction[:, "ijk".index(axis)]
    np.testing.assert_allclose(result.displacement @ normal, 0, atol=1e-4)
    expected = resample(moving, grid, displacement=result.displacement)
    np.testing.assert_array_equal(result.aligned.array, expected)


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_shifted_volume_comes_back(left_handed: bool) -> None:
    """Moving is fixed(x + (10, -5, 0)), so fixed is moving(x + u) with u the opposite."""
    grid = tilted_grid((6, 48, 44), (5.0, 5.0, 20.0), (0, 0, 0), left_handed, center=(0, 0, 0))
    fixed = head(grid, "mr")
    moving = head(grid, "mr", rigid((0, 0, 0), (10.0, -5.0, 0.0)))
    config = replace(PLAIN, axis="axial", slice_smoothing_mm=40.0, registration_spacing_mm=5.0)
    result = fuse(fixed, moving, config, network(BestShift()))
    inner = result.displacement[:, 12:-12, 12:-12]
    np.testing.assert_allclose(inner.reshape(-1, 3).mean(axis=0), [-10, 5, 0], atol=1e-3)
    before, after = (np.abs(v - fixed.array).mean() for v in (moving.array, result.aligned.array))
    assert after < 0.05 * before
    assert result.report["quality"]["after"]["ncc"] > 0.99 > result.report["quality"]["before"]["ncc"]


def test_moving_point_is_initial_after_displacement(monkeypatch: pytest.MonkeyPatch) -> None:
    """aligned(x) = moving(initial @ (x + u(x))), for an analytic moving volume."""
    from BSAFusionLib.engine import pipeline

    matrix = rigid((0, 0, 12), (5, -3, 2))
    real = pipeline.align
    monkeypatch.setattr(pipeline, "align", lambda *given: replace(real(*given), matrix=matrix))
    grid = tilted_grid((12, 20, 22), (5.0, 5.0, 6.0), (5, 0, 10), center=(0, 0, 0))
    moving = waves(tilted_grid((60, 60, 60), (3.0, 3.0, 3.0), (0, 0, 0), center=(0, 0, 0)))
    result = fuse(noise(grid, 0), moving, replace(PLAIN, modality="mr"), network(Shift(1.0, 2.0)))
    points = (points_ras(grid) + result.displacement) @ matrix[:3, :3].T + matrix[:3, 3]
    np.testing.assert_allclose(result.aligned.array, wave_at(points), atol=1.0)
    assert np.abs(wave_at(points) - wave_at(points_ras(grid))).mean() > 10


def test_where_the_moving_volume_ends_the_fixed_one_is_shown_alone(pair: tuple[Volume, Volume]) -> None:
    fixed, ct = pair
    half = Volume(ct.array[:, :, : ct.shape[2] // 2].copy(), ct.ijk_to_ras, "half a head")
    result = fuse(fixed, half, PLAIN, network(Average(1.0, 0.0)))
    low, high = result.report["geometry"]["fixed"]["window"]
    alone = np.clip((fixed.array - low) / (high - low), 0, 1)
    np.testing.assert_allclose(result.fused.array[..., -18:], alone[..., -18:], atol=1e-6)
    assert np.abs(result.fused.array - alone)[..., :18].max() > 0.3


def test_the_displacement_decays_where_the_moving_volume_ends(pair: tuple[Volume, Volume]) -> None:
    fixed, ct = pair
    quarter = Volume(ct.array[:18, :, : ct.shape[2] // 2].copy(), ct.ijk_to_ras, "a quarter of a head")
    result = fuse(fixed, quarter, PLAIN, network(Shift(1.0, 0.0)))
    lengths = np.linalg.norm(result.displacement, axis=-1)
    np.testing.assert_allclose(lengths[5, :, :10], 4.0, rtol=1e-4)
    assert not lengths[..., -10:].any()
    assert not lengths[-3:].any()
    assert (np.diff(lengths[5, 20]) < 0.1).all()  # cubic interpolation rings a little


def test_background_is_exactly_black(unmoved: FusionResult) -> None:
    assert (unmoved.fused.array[:, 0, :] == 0).all()
    assert unmoved.fused.array.min() == 0


@pytest.mark.parametrize("modality", ["pet", "spect"])
def test_tracers_get_a_coloured_result_on_black(modality: str) -> None:
    fixed, tracer = head(COARSE, "mr"), head(axial_grid((6.0, 6.0, 8.0)), "pet")
    result = fuse(fixed, tracer, replace(PLAIN, modality=modality), network(Shift()))
    assert result.modality == modality
    assert result.fused_color is not None
    assert result.fused_color.shape == (*fixed.shape, 3)
    assert not result.fused_color[result.fused.array == 0].any()
    luma = result.fused_color @ np.array([0.299, 0.587, 0.114]) / 255
    np.testing.assert_allclose(luma, result.fused.array, atol=0.51 / 255)


def test_colours_follow_the_tracer_when_it_is_the_fixed_volume() -> None:
    fixed, moving = head(COARSE, "pet"), head(COARSE, "mr")
    result = fuse(fixed, moving, PLAIN, network(Shift()))
    assert result.fused_color is not None
    assert result.fused_color.std(axis=-1).max() > 30


def test_ct_has_no_colours(unmoved: FusionResult) -> None:
    assert unmoved.fused_color is None
    assert unmoved.modality == "ct"


def test_the_report_is_json_and_names_the_network(unmoved: FusionResult) -> None:
    report = json.loads(json.dumps(unmoved.report))
    assert report["model"] == {"id": "test", "version": "0", "sha256": "none", "device": "cpu"}
    assert report["configuration"]["init"] == "none"
    assert report["geometry"]["slices"]["axis"] == "k"
    assert report["geometry"]["moving"]["modality_is_a_guess"] is True
    assert report["quality"]["before"] == report["quality"]["after"]
    assert report["quality"]["jacobian"] == {"smallest": 1.0, "largest": 1.0}
    assert "not accuracy" in report["quality"]["note"]
    assert report["warnings"] == []
    assert report["verdict"]["verdict"] in ("good", "check", "do not use")
    assert all(reason.endswith(".") for reason in report["verdict"]["reasons"])


def test_lack_of_memory_is_told_in_the_report(pair: tuple[Volume, Volume]) -> None:
    result = fuse(*pair, PLAIN, network(Shift(most=3)))
    assert any("Memory ran out" in warning for warning in result.report["warnings"])


def test_a_wrong_shift_is_warned_about(pair: tuple[Volume, Volume]) -> None:
    result = fuse(*pair, PLAIN, network(Shift(5.0, 5.0)))
    assert any("Mutual information fell" in warning for warning in result.report["warnings"])


def test_a_torn_field_is_repaired_and_told(pair: tuple[Volume, Volume]) -> None:
    net = network(Shift())
    torn = np.random.default_rng(0).normal(0, 3, (1, 2, 58, 50)).astype(np.float32)
    net.register = lambda fixed, _: np.repeat(torn, len(fixed), axis=0)  # type: ignore[method-assign]
    result = fuse(*pair, PLAIN, net)
    assert result.report["quality"]["jacobian"]["smallest"] > 0
    assert any("was folded at" in warning for warning in result.report["warnings"])


def test_progress_counts_slices_and_ends_every_step(pair: tuple[Volume, Volume]) -> None:
    calls: list[tuple[str, int, int]] = []
    fuse(*pair, replace(PLAIN, batch_size=4), network(Shift()), lambda *call: calls.append(call))
    slices = [done for step, done, _ in calls if step == "Fusing slices"]
    assert slices == [0, 4, 8, 12, 16, 19]
    last = {step: (done, total) for step, done, total in calls}
    assert all(done == total for done, total in last.values())


@pytest.mark.parametrize("at", [0, 5, 9, 14])
def test_cancel_stops_the_run_wherever_it_is(pair: tuple[Volume, Volume], at: int) -> None:
    asked = count()
    with pytest.raises(Cancelled):
        fuse(*pair, PLAIN, network(Shift()), cancel=lambda: next(asked) >= at)


def test_the_default_network_is_that_of_the_manifest(
    pair: tuple[Volume, Volume], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Shift(1.0, 0.0), tmp_path)
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    result = fuse(*pair, replace(PLAIN, device="cpu"))
    assert result.report["model"]["id"] == "installed"
    assert result.displacement.any()
    slices = np.zeros((1, 32, 32), np.float32)
    assert (fuse_slices(slices, slices).displacement[:, 0] == 1).all()


def test_a_missing_network_is_told_before_the_volumes_are_aligned(
    pair: tuple[Volume, Volume], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    steps: list[str] = []
    with pytest.raises(ModelError, match="cannot be read"):
        fuse(*pair, PLAIN, progress=lambda step, *_: steps.append(step))
    assert set(steps) == {"Checking the volumes", "Loading the network"}


def test_inputs_are_left_as_they_were(pair: tuple[Volume, Volume]) -> None:
    copies = [volume.array.copy() for volume in pair]
    fuse(*pair, PLAIN, network(Shift(1.0, 1.0)))
    for volume, copy in zip(pair, copies, strict=True):
        np.testing.assert_array_equal(volume.array, copy)


def test_bad_volumes_are_refused_before_any_computing(pair: tuple[Volume, Volume]) -> None:
    fixed, moving = pair
    far = moving.ijk_to_ras.copy()
    far[0, 3] += 900
    with pytest.raises(GeometryError, match="do not overlap"):
        fuse(fixed, Volume(moving.array, far, "far"), PLAIN, network(Shift()))
    with pytest.raises(InputError, match="same image"):
        fuse(fixed, fixed, PLAIN, network(Shift()))


def test_slices_are_registered_and_fused_as_they_are() -> None:
    rng = np.random.default_rng(0)
    fixed = rng.random((3, 40, 33), np.float32)
    moving = np.roll(fixed, (2, -3), axis=(1, 2))
    result = fuse_slices(fixed, moving, network(BestShift()))
    np.testing.assert_array_equal(result.displacement[:, 0], -3)
    np.testing.assert_array_equal(result.displacement[:, 1], 2)
    np.testing.assert_array_equal(result.fused, fixed)
    assert (result.fused.dtype, result.displacement.dtype) == (np.float32, np.float32)


def test_many_slices_go_through_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("BSAFusionLib.engine.slice_fusion._BATCH_PIXELS", 3 * 40 * 33)
    stacks = np.random.default_rng(0).random((2, 7, 40, 33), np.float32)
    result = fuse_slices(*stacks, network(Shift(1.0, 0.0, most=3)))
    assert result.displacement.shape == (7, 2, 40, 33)
    assert (result.displacement[:, 0] == 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s[:, :31], r"\(2, 31, 40\): give at least one of 32 x 32"),
        (lambda s: s[0], "not an \\(N, H, W\\) array"),
        (lambda s: (255 * s).astype(np.uint8), "not an \\(N, H, W\\) array"),
        (lambda s: s * 255, "scale them to lie between 0 and 1"),
        (lambda s: np.where(s > 0.5, np.nan, s), "not finite numbers"),
        (lambda s: s[:1], "give both one shape"),
    ],
)
def test_slices_of_another_kind_are_refused(change: object, message: str) -> None:
    assert callable(change)
    stack = np.random.default_rng(0).random((2, 36, 40), np.float32)
    with pytest.raises(InputError, match=message):
        fuse_slices(stack, change(stack), network(Shift()))


def noise(grid: Grid, seed: int) -> Volume:
    array = 100 + 900 * np.random.default_rng(seed).random(grid.shape, np.float32)
    return Volume(array, grid.ijk_to_ras, f"noise {seed}")


def waves(grid: Grid) -> Volume:
    return Volume(wave_at(points_ras(grid)).astype(np.float32), grid.ijk_to_ras, "waves")


def wave_at(points: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y, z = np.moveaxis(points, -1, 0) / 20
    return np.asarray(500 + 100 * (np.sin(x + 0.5 * y) + np.cos(0.7 * z - y)))


def test_an_alignment_found_before_is_taken_with_its_doubts(pair: tuple[Volume, Volume]) -> None:
    pose = rigid((0, 0, 5), (6.0, 0, 0))
    known = LinearAlignment(pose, "rigid", 0.1, 0.2, 1.0, False, "Another alignment fits as well.")
    report = (result := fuse_pair(*pair, PLAIN, network(Shift()), alignment=known)).report
    np.testing.assert_array_equal(result.initial, pose)
    assert report["alignment"]["note"] == known.note
    assert known.note in report["warnings"]
    assert report["verdict"]["numbers"]["alignment_converged"] is False
