"""Modality guess and intensity windows."""

import numpy as np
import pytest
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.intensity import guess_modality, resolve_window, to_unit
from BSAFusionLib.engine.volume import Volume

from Testing.engine.phantoms import axial_grid, head


def volume(values: object, name: str = "volume", spacing: float = 1.0) -> Volume:
    array = np.atleast_3d(np.asarray(values, np.float32))
    return Volume(array, np.diag([spacing, spacing, spacing, 1.0]), name)


def skewed(name: str = "volume", scale: float = 1.0) -> Volume:
    """Mostly nothing, a few bright voxels, as uptake of a tracer is."""
    values = np.random.default_rng(0).gamma(0.2, scale, (20, 20, 20))
    return volume(values, name, spacing=4.0)


@pytest.mark.parametrize("modality", ["ct", "mr", "pet"])
def test_the_head_is_recognised_by_its_values(modality: str) -> None:
    unnamed = head(axial_grid(), modality)
    assert guess_modality(Volume(unnamed.array, unnamed.ijk_to_ras, "patient")) == modality


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("FDG-PET brain", "pet"),
        ("ax_T1", "mr"),
        ("hmpao spect", "spect"),
        ("NM tomo", "spect"),
        ("octopus", "pet"),
    ],
)
def test_a_word_in_the_name_decides_where_the_values_do_not(name: str, modality: str) -> None:
    assert guess_modality(skewed(name)) == modality


def test_hounsfield_values_win_over_the_name() -> None:
    grid = axial_grid()
    assert guess_modality(Volume(head(grid, "ct").array, grid.ijk_to_ras, "PET-CT 2")) == "ct"


def test_one_hint_of_a_tracer_is_not_enough() -> None:
    sharp = skewed(scale=900.0)
    sharp_mr = Volume(np.round(sharp.array), np.diag([0.9, 0.9, 3.0, 1.0]), "volume")
    assert guess_modality(sharp_mr) == "mr"


@pytest.mark.parametrize(
    ("window", "limits"),
    [("auto", (0, 80)), ("brain", (0, 80)), ("soft-tissue", (-160, 240)), ("bone", (-500, 1300))],
)
def test_ct_windows_are_fixed_hounsfield_values(window: str, limits: tuple[float, float]) -> None:
    assert resolve_window(head(axial_grid(), "ct"), "ct", window) == limits


def test_a_ct_without_a_skull_is_shown_in_the_soft_tissue_window() -> None:
    limb = np.repeat([-1000, -90, 40, 700], [400, 300, 270, 30])
    assert resolve_window(volume(limb), "ct") == (-160, 240)


def test_air_and_fat_of_a_ct_are_exactly_black_and_bone_is_white() -> None:
    unit = to_unit(volume([-1000, -90, 0, 33, 80, 1200]), "ct").ravel()
    np.testing.assert_allclose(unit, [0, 0, 0, 33 / 80, 1, 1], rtol=1e-6)
    assert unit.dtype == np.float32
    assert (unit[:3] == 0).all()


def test_the_full_window_of_a_ct_ignores_padding_below_air() -> None:
    assert resolve_window(volume([-3024, -1000, 0, 2000]), "ct", "full") == (-1000, 2000)


def test_mr_percentiles_come_from_tissue_and_the_noise_of_air_is_black() -> None:
    rng = np.random.default_rng(1)
    air, tissue = rng.rayleigh(8, 30000), rng.uniform(200, 1200, 20000)
    unit = to_unit(volume(np.concatenate([air, tissue])), "mr").ravel()
    assert (unit[:30000] == 0).all()
    low, high = resolve_window(volume(np.concatenate([air, tissue])), "mr")
    assert (low, high) == (pytest.approx(205, abs=3), pytest.approx(1195, abs=3))


def test_one_bright_vessel_does_not_darken_an_mr() -> None:
    values = np.tile(np.linspace(0, 1000, 10000), 2)
    values[0] = 50000
    assert resolve_window(volume(values), "mr")[1] == pytest.approx(1000, rel=0.02)


def test_pet_in_suv_and_in_becquerel_get_different_windows() -> None:
    suv = head(axial_grid(), "pet")
    becquerel = Volume(suv.array * 4000, suv.ijk_to_ras, suv.name)
    assert resolve_window(suv, "pet") == (0, 10)
    assert resolve_window(becquerel, "pet") == (
        0,
        pytest.approx(np.percentile(becquerel.array, 99.95), rel=1e-3),
    )


def test_spect_is_shown_as_percent_of_its_maximum() -> None:
    counts = volume(np.arange(100001) / 100.0)
    assert resolve_window(counts, "spect") == (0, pytest.approx(999.5))
    assert to_unit(counts, "spect").max() == 1


def test_values_below_zero_of_a_tracer_are_black() -> None:
    assert to_unit(volume([-3.0, 0.0, 5.0, 10.0]), "pet", "suv").ravel().tolist() == [0, 0, 0.5, 1]


@pytest.mark.parametrize(("window", "modality", "kind"), [("bone", "mr", "CT"), ("suv", "spect", "PET")])
def test_a_window_of_another_modality_is_refused(window: str, modality: str, kind: str) -> None:
    with pytest.raises(InputError, match=rf"'{window}' is for {kind}, but 'volume' is taken for {modality}"):
        resolve_window(volume([1, 2, 3]), modality, window)


def test_a_window_without_contrast_is_refused() -> None:
    with pytest.raises(InputError, match="no contrast in the window 'percent-of-maximum'"):
        resolve_window(volume([-3, -2, -1]), "spect")
