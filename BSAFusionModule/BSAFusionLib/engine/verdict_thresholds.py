"""Every threshold of the verdict, with the measurement that set it (Testing/bench/bench_verdict.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Sign:
    """One of the signs that are weighed together, because none of them tells right from wrong alone.

    number: its key. between: beyond these values it counts no more. against, in_favour: sentences, formatted
    with value and all numbers.

    Where the volume was bent as a whole, the mean of before and after (number_bent) counts: before alone, a
    rightly undone bend of 8 mm fits badly; after alone, a wrong patient nearly as well as the right one.
    """

    number: str
    between: tuple[float, float]
    against: str
    in_favour: str

    def measured(self, numbers: Mapping[str, Any]) -> float | None:
        """Its number, or the mean of before and after bending; None where it was not measured."""
        found = [numbers.get(key) for key in (self.number, f"{self.number}_bent")]
        known = [float(number) for number in found if number is not None]
        return sum(known) / len(known) if known else None

    def value(self, numbers: Mapping[str, Any]) -> float | None:
        """What counts of it, or None where it was not measured."""
        number, (low, high) = self.measured(numbers), self.between
        return None if number is None else min(max(number, low), high)


BIAS = 1.442
WEIGHTS: dict[str, tuple[float, float, float]] = {
    "mirror_fit": (0.9354, 0.1413, -0.953),
    "local_fit": (0.2136, 0.1593, 0.889),
    "information_gain": (3.22, 2.056, 0.739),
    "edge_gain": (2.451, 1.354, 0.923),
}
"""By sign: mean and standard deviation in the calibration half, and what one deviation adds to the log odds.

Logistic regression with a ridge (bench_verdict fit). Right is what ended within 5 mm of the truth, wrong what
was spoilt or ended beyond 8 mm; nine in ten are taken to be right in practice.
"""

SIGNS: tuple[Sign, ...] = (
    Sign(
        "mirror_fit",
        between=(0.75, 1.1),
        against="A mirror image of the moving volume fits {value:.0%} as well as the volume itself.",
        in_favour="A mirror image of the moving volume fits only {value:.0%} as well as the volume itself.",
    ),
    Sign(
        "local_fit",
        between=(0.0, 0.7),
        against="Only {value:.0%} of {local_fit_regions} regions fit best where they lie, within "
        "{local_fit_within_mm:.0f} mm (chance: 15%).",
        in_favour="{value:.0%} of {local_fit_regions} regions fit best where they lie, within "
        "{local_fit_within_mm:.0f} mm (chance: 15%).",
    ),
    Sign(
        "information_gain",
        between=(-1.0, 8.0),
        against="The intensities explain each other hardly better than under random shifts "
        "({value:.1f} standard deviations).",
        in_favour="The intensities explain each other far better than under random shifts "
        "({value:.1f} standard deviations).",
    ),
    Sign(
        "edge_gain",
        between=(-1.0, 5.0),
        against="Edges agree hardly better than under random shifts ({value:.1f} standard deviations).",
        in_favour="Edges agree far better than under random shifts ({value:.1f} standard deviations).",
    ),
)


@dataclass(frozen=True)
class Limit:
    """What one number of a run may be.

    number: its key. worse: on which side of the bounds a value is worse. check, do_not_use: the bounds, None
    where there is none. against, in_favour: sentences about it, formatted with value and all numbers.
    measured: what set the bounds.
    """

    number: str
    worse: Literal["below", "above"]
    check: float | None
    do_not_use: float | None
    against: str
    measured: str
    in_favour: str = ""


_CALIBRATED = "Runs of bench_verdict, docs/trust.md: "
_FIELD = _CALIBRATED + "never reached by a sound one of the calibration half"
_UNLIKE = " is unlike the heads that the network has learnt from (distance {value:.1f}; heads lie below 2.2)."
_HEADS = "Stacks of the atlas up to 1.9, templates up to 2.8; 98 % of 120 sound runs with limbs."
_POSES = "Poses of up to 60 mm and 40 degrees, Testing/bench/bench_alignment.py."
_BENT = "Templates bent by 8 mm, bench_trust_recovery, rightly undone: "

LIMITS: tuple[Limit, ...] = (
    Limit(
        "trust",
        "below",
        check=0.95,
        do_not_use=0.5,
        against="Of runs that look like this one, {value:.0%} are right, if nine in ten are on the whole.",
        in_favour="Of runs that look like this one, {value:.0%} are right, if nine in ten are on the whole.",
        measured=_CALIBRATED + "7 % of the spoilt reach the upper bound with their patients left out of the "
        "weights, 1 % pass the other limits as well; none of the sound lies below the lower.",
    ),
    Limit(
        "mirror_fit",
        "above",
        check=1.0,
        do_not_use=None,
        against="The moving volume fits better as its mirror image ({value:.0%}): left and right, or two "
        "patients, may be exchanged.",
        measured=_CALIBRATED + "1 of 89 sound above, up to 1.00; mirrored brains from 0.94.",
    ),
    Limit(
        "overlap",
        "below",
        check=0.5,
        do_not_use=0.1,
        against="Only {value:.0%} of the smaller volume lies inside the other.",
        measured=_CALIBRATED + "sound from 0.7.",
    ),
    Limit(
        "alignment_converged",
        "below",
        check=0.5,
        do_not_use=None,
        against="The initial alignment is in doubt, as it says itself.",
        measured="Not measured: it is the judgement of engine/alignment.py.",
    ),
    Limit(
        "initial_turn_degrees",
        "above",
        check=45.0,
        do_not_use=None,
        against="The initial alignment turned the volume by {value:.0f} degrees: "
        "it has been tested up to 40.",
        measured=_POSES,
    ),
    Limit(
        "initial_shift_mm",
        "above",
        check=70.0,
        do_not_use=None,
        against="The initial alignment moved the volume by {value:.0f} mm: it has been tested up to 60 mm.",
        measured=_POSES,
    ),
    Limit(
        "fixed_unfamiliarity",
        "above",
        check=4.5,
        do_not_use=None,
        against="The fixed volume" + _UNLIKE,
        measured=_HEADS,
    ),
    Limit(
        "moving_unfamiliarity",
        "above",
        check=4.5,
        do_not_use=None,
        against="The moving volume" + _UNLIKE,
        measured=_HEADS,
    ),
    Limit(
        "forward_backward_mm",
        "above",
        check=3.0,
        do_not_use=None,
        against="With the roles of both volumes swapped, the network comes back {value:.1f} mm beside the "
        "start.",
        measured=_FIELD + "; it tells little: wrong pairs lie between 0.2 and 2.4 mm as well.",
    ),
    Limit(
        "in_slices_p95_mm",
        "above",
        check=10.0,
        do_not_use=None,
        against="The displacement inside the slices is large: 5% of it lies above {value:.1f} mm.",
        measured=_FIELD + " (7.3 mm).",
    ),
    Limit(
        "in_slices_roughness",
        "above",
        check=0.3,
        do_not_use=None,
        against="The displacement inside the slices is rough: it stretches by {value:.0%} on average.",
        measured=_FIELD + " (0.22).",
    ),
    Limit(
        "in_slices_jump_mm",
        "above",
        check=1.5,
        do_not_use=None,
        against="The displacement jumps by {value:.1f} mm from slice to slice.",
        measured=_FIELD + " (1.0 mm).",
    ),
    Limit(
        "bending_p95_mm",
        "above",
        check=17.5,
        do_not_use=None,
        against="The volume is bent far as a whole: 5% of the displacement lies above {value:.1f} mm.",
        measured=_BENT + "up to 17.3 mm; wrong pairs are bent by up to 20 mm.",
    ),
    Limit(
        "bending_roughness",
        "above",
        check=0.36,
        do_not_use=None,
        against="The volume is bent roughly: it is stretched by {value:.0%} on average.",
        measured=_BENT + "0.27 to 0.34; wrong pairs up to 0.38.",
    ),
    Limit(
        "smallest_jacobian",
        "below",
        check=0.35,
        do_not_use=0.0,
        against="Somewhere the displacement presses a volume to {value:.0%} of its size.",
        measured=_FIELD + " (0.65), nor by rightly undone bends of 8 mm (from 0.44); it is repaired to stay "
        "above 0.05.",
    ),
    Limit(
        "folded_share",
        "above",
        check=0.001,
        do_not_use=None,
        against="The displacement was folded at {value:.1%} of the voxels before it was repaired.",
        measured=_FIELD + " (0).",
    ),
    Limit(
        "inverse_consistency_mm",
        "above",
        check=0.1,
        do_not_use=None,
        against="The displacement and its inverse disagree by up to {value:.2f} mm.",
        measured="0.1 mm is what the inverse transform promises.",
    ),
    Limit(
        "nmi_change",
        "below",
        check=-0.003,
        do_not_use=None,
        against="Mutual information fell from {nmi_before:.3f} to {nmi_after:.3f}.",
        measured="A change in the third digit is noise of resampling.",
    ),
)
