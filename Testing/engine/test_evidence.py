"""What is measured for the verdict, on heads of which the right answer is known."""

import numpy as np
import pytest
from BSAFusionLib.engine import Volume
from BSAFusionLib.engine.agreement import forward_backward_mm
from BSAFusionLib.engine.evidence import gain, local_fit
from BSAFusionLib.engine.familiarity import NAMES, distance, statistics
from BSAFusionLib.engine.mirror import mirror_fit
from BSAFusionLib.engine.neighbourhood import Neighbourhood
from BSAFusionLib.engine.quality import roughness
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.volume import Grid
from numpy.typing import NDArray

from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import axial_grid, head, rigid, smooth_field, tilted_grid

FIXED = head(axial_grid((4.0, 4.0, 5.0)), "mr")


def around(moving: Volume, initial: NDArray[np.float64]) -> Neighbourhood:
    return Neighbourhood.of(FIXED, moving, initial)


@pytest.fixture(scope="module")
def ct() -> Volume:
    return head(axial_grid((3.0, 5.0, 4.0)), "ct")


def test_an_aligned_pair_fits_far_better_than_random_shifts_of_it(ct: Volume) -> None:
    found = gain(around(ct, np.eye(4)))
    assert found.information > 4
    assert found.edges > 1.5  # ellipsoids have few edges
    assert found.overlap > 0.95


def test_noise_fits_no_better_than_its_shifts(ct: Volume) -> None:
    noise = np.random.default_rng(0).permutation(ct.array.ravel()).reshape(ct.shape)
    found = gain(around(ct.with_array(noise), np.eye(4)))
    assert abs(found.information) < 2.5
    assert abs(found.edges) < 2.5


def test_regions_fit_where_they_lie_only_if_the_pair_is_aligned(ct: Volume) -> None:
    here = local_fit(around(ct, np.eye(4)))
    beside = local_fit(around(ct, rigid((0, 0, 0), (8.0, -6.0, 7.0))))
    assert here.share > 0.6
    assert beside.share < 0.2
    assert here.distance_mm < beside.distance_mm
    assert here.regions > 50


def test_a_mirror_image_fits_worse_than_the_volume_unless_it_is_the_volume(ct: Volume) -> None:
    mirrored = ct.with_array(np.ascontiguousarray(ct.array[:, :, ::-1]))
    assert mirror_fit(around(ct, np.eye(4))) < 0.95
    assert mirror_fit(around(mirrored, rigid((0, 0, 0), (4.0, 0, 0)))) > 1.05


def test_a_volume_elsewhere_has_no_partner_and_no_evidence(ct: Volume) -> None:
    near = around(ct, rigid((0, 0, 0), (900.0, 0, 0)))
    found = gain(near)
    assert (found.information, found.edges, found.overlap) == (0, 0, 0)
    assert local_fit(near).share == 0
    assert mirror_fit(near) == 0


def test_the_neighbourhood_shows_the_moving_volume_through_the_displacement() -> None:
    """The head is bent by u, so that the bent head fits itself; SimpleITK bends it here."""

    def field(grid: Grid) -> NDArray[np.float32]:
        return smooth_field(grid, 5.0).astype(np.float32)

    bent = Volume(resample(FIXED, FIXED.grid, displacement=field(FIXED.grid)), FIXED.ijk_to_ras, "bent")
    near = Neighbourhood.of(bent, FIXED, np.eye(4), field)
    inner = (slice(near.reach, -near.reach),) * 3
    body = near.fixed.body
    assert np.corrcoef(near.fixed.values[body], near.moving.values[inner][body])[0, 1] > 0.96
    still = Neighbourhood.of(bent, FIXED, np.eye(4))
    assert np.corrcoef(near.fixed.values[body], still.moving.values[inner][body])[0, 1] < 0.8


@pytest.mark.parametrize(("x", "y", "error"), [(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 2.0, 6.0)])
def test_the_way_back_is_taken_with_mirrored_slices(x: float, y: float, error: float) -> None:
    """This network always answers (x, y): mirrored left to right, x is taken back and y comes twice."""
    stack = np.random.default_rng(0).random((5, 40, 44), np.float32) + 0.01
    inside = np.ones(stack.shape, bool)
    stack = np.minimum(stack, 1)
    found = forward_backward_mm(network(Shift(x, y)), stack, stack[::-1].copy(), inside, 1.5)
    assert found == pytest.approx(error, abs=1e-4)


def test_empty_slices_have_no_way_back() -> None:
    empty = np.zeros((3, 40, 40), np.float32)
    assert forward_backward_mm(network(Shift()), empty, empty, empty == 0, 1.0) is None


def test_a_disc_is_described_by_its_size_and_values() -> None:
    y, x = np.mgrid[:120, :100]
    disc = (((x - 50) / 30) ** 2 + ((y - 60) / 45) ** 2 < 1).astype(np.float32)
    found = dict(zip(NAMES, statistics(np.stack([0.5 * disc] * 4), 2.0), strict=True))  # type: ignore[arg-type]
    assert found["width_mm"] == pytest.approx(120, abs=12)
    assert found["height_mm"] == pytest.approx(180, abs=18)
    assert found["filling"] == pytest.approx(np.pi / 4, abs=0.1)
    assert found["mean"] == pytest.approx(0.5)
    assert found["share_2"] == 1


def test_the_distance_counts_standard_deviations() -> None:
    known = {name: (float(n), 2.0) for n, name in enumerate(NAMES)}
    mean = np.arange(len(NAMES), dtype=float)
    assert distance(mean, known) == 0
    assert distance(mean + 6, known) == pytest.approx(3)
    assert distance(mean + 1000, known) == 20


def test_nothing_is_said_about_black_slices() -> None:
    assert statistics(np.zeros((3, 40, 40), np.float32), 1.0) is None


def test_roughness_is_the_norm_of_the_slope() -> None:
    grid = Grid((4, 5, 6), tilted_grid().ijk_to_ras)
    index = np.stack(np.meshgrid(range(4), range(5), range(6), indexing="ij"), axis=-1)[..., ::-1]
    u = (index * grid.spacing) @ np.array([[0.1, 0, 0], [0, 0.2, 0], [0, 0.3, 0]]).T
    expected = np.sqrt(0.1**2 + 0.2**2 + 0.3**2)
    assert roughness(u.astype(np.float32), grid.spacing) == pytest.approx(expected, rel=1e-5)
