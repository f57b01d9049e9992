"""Dice and Hausdorff distance, against brute force."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from BSAFusionLib.engine import FusionConfig, Volume, fuse
from BSAFusionLib.engine.errors import GeometryError, InputError
from BSAFusionLib.engine.exchange import read_reference, write_reference
from BSAFusionLib.engine.io import read_labels, write_volume
from BSAFusionLib.engine.landmarks import Landmarks
from BSAFusionLib.engine.reference import Reference
from BSAFusionLib.engine.segmentations import Segmentations, agreement, check_segmentations, compare
from numpy.typing import NDArray

from Testing.engine.confirmation import everything_confirmed
from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import axial_grid, head, ramp, tilted_grid
from Testing.scene.results import make_result

SPACING = np.array([2.0, 3.0, 4.5])  # along i, j, k


def ball(center: tuple[float, float, float], radius_mm: float) -> NDArray[np.bool_]:
    k, j, i = np.mgrid[:14, :20, :24]
    offset = (np.stack([i, j, k], axis=-1) - np.array(center)) * SPACING
    return np.asarray(np.linalg.norm(offset, axis=-1) <= radius_mm)


def surface_points(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Centres, mm, of voxels with one of six neighbours outside, one voxel after the other."""
    padded = np.pad(mask, 1)
    steps = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    found = [
        (i, j, k)
        for k, j, i in np.argwhere(mask)
        if not all(padded[k + 1 + c, j + 1 + b, i + 1 + a] for a, b, c in steps)
    ]
    return np.array(found) * SPACING


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ball((11, 10, 7), 14), ball((13.4, 9, 6), 11)),
        (ball((5, 5, 4), 8), ball((18, 14, 10), 6)),
        (ball((0, 0, 0), 15), ball((1, 1, 1), 15)),
        (ball((11, 10, 7), 14), ball((11, 10, 7), 14) ^ ball((11, 10, 7), 7)),
    ],
)
def test_dice_and_hausdorff_agree_with_brute_force(
    first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> None:
    a, b = surface_points(first), surface_points(second)
    apart = np.linalg.norm(a[:, None] - b[None], axis=2)
    expected = max(np.percentile(apart.min(axis=1), 95), np.percentile(apart.min(axis=0), 95))
    found = compare(first, second, SPACING)
    assert found["hausdorff95_mm"] == pytest.approx(expected, abs=1e-4)
    assert found["dice"] == pytest.approx(2 * (first & second).sum() / (first.sum() + second.sum()))


def test_equal_masks_agree_fully_and_a_missing_one_has_no_distance() -> None:
    mask = ball((11, 10, 7), 14)
    assert compare(mask, mask, SPACING) == {"dice": 1.0, "hausdorff95_mm": 0.0}
    assert compare(mask, mask & False, SPACING) == {"dice": 0.0, "hausdorff95_mm": None}


def labels_pair() -> tuple[Volume, Volume, Volume, Volume]:
    """MR and CT on their grids, and label maps of both: 1 tissue, 2 grey matter; 7 and 9 in only one."""
    mr, ct = head(axial_grid((5.0, 5.0, 12.0)), "mr"), head(axial_grid((6.0, 6.0, 9.0)), "ct")
    first, second = (np.digitize(head(v.grid, "pet").array, [0.4, 5]).astype(np.float32) for v in (mr, ct))
    first[0, 0, :2], second[0, 0, :2] = 7, 9
    return mr, ct, mr.with_array(first, "mr labels"), ct.with_array(second, "ct labels")


@everything_confirmed()
def test_a_run_reports_every_common_label_by_stage(tmp_path: Path) -> None:
    """One column of 4 mm, while the volumes fit as they are: after is worse than before."""
    mr, ct, first, second = labels_pair()
    given = Reference(Landmarks(np.zeros((1, 3)), np.ones((1, 3))), Segmentations(first, second))
    reference = read_reference(tmp_path, write_reference(tmp_path, given))
    config = FusionConfig(init="none", elastic="slices", registration_spacing_mm=4.0, slice_smoothing_mm=0)
    report = fuse(mr, ct, config, network(Shift(2.0, 0.0)), reference=reference).report
    found = report["segmentations"]
    assert list(found["labels"]) == ["1", "2"]
    assert found["labels_in_one_only"] == [7, 9]
    for numbers in found["labels"].values():
        assert numbers["before"] == numbers["after_initial_alignment"]
        assert numbers["after"]["dice"] < numbers["before"]["dice"]
        assert numbers["after"]["hausdorff95_mm"] >= numbers["before"]["hausdorff95_mm"]
    assert found["mean"]["after"]["dice"] == pytest.approx(
        np.mean([numbers["after"]["dice"] for numbers in found["labels"].values()])
    )
    assert report["landmarks"]["error_mm"]["before"]["mean"] == pytest.approx(np.sqrt(3))
    assert report["landmarks"]["error_mm"]["after"]["mean"] == pytest.approx(np.linalg.norm([-9, -1, -1]))


def test_labels_are_pulled_through_the_whole_transform() -> None:
    """Labels of the aligned grid itself, pushed nowhere, stay; the result's own transform moves them away."""
    result = make_result(initial=np.eye(4))
    labels = ramp(result.fused.grid)
    labels = labels.with_array((labels.array > np.median(labels.array)).astype(np.float32))
    still = replace(result, displacement=np.zeros_like(result.displacement))
    assert agreement(Segmentations(labels, labels), still)["labels"]["1"]["after"]["dice"] == 1
    assert agreement(Segmentations(labels, labels), result)["labels"]["1"]["after"]["dice"] < 1


def test_segmentations_that_cannot_be_compared_are_refused() -> None:
    mr, ct, first, second = labels_pair()

    def refused(one: Volume, other: Volume, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            check_segmentations(Segmentations(one, other), mr, ct)

    check_segmentations(Segmentations(first, second), mr, ct)
    refused(second, first, GeometryError, r"fixed segmentation 'ct labels' .* does not lie on the grid of")
    shifted = first.ijk_to_ras.copy()
    shifted[0, 3] += 1
    refused(
        Volume(first.array, shifted), second, GeometryError, "its corner is 1.00 mm from there: .* reference"
    )
    refused(first.with_array(first.array * 0), second, InputError, "'mr labels' is empty")
    refused(first.with_array(first.array + 20), second, InputError, "no label in common")
    many = np.arange(first.array.size, dtype=np.float32).reshape(first.shape)
    refused(first.with_array(many), second, InputError, "which are no labels")


def test_a_file_of_grey_values_is_no_label_map(tmp_path: Path) -> None:
    write_volume(ramp(tilted_grid()).with_array(ramp(tilted_grid()).array / 7), tmp_path / "grey.nrrd")
    with pytest.raises(InputError, match="holds fractions"):
        read_labels(tmp_path / "grey.nrrd")
    with pytest.raises(InputError, match="is not a file"):
        read_labels(tmp_path)
    (tmp_path / "broken.nrrd").write_text("nothing")
    with pytest.raises(InputError, match=r"broken\.nrrd"):
        read_labels(tmp_path / "broken.nrrd")
