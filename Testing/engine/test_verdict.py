"""From numbers to a verdict in words."""

from typing import Any

import numpy as np
import pytest
from BSAFusionLib.engine.familiarity import FAMILIAR
from BSAFusionLib.engine.verdict import ADVICE, CHECK, DO_NOT_USE, GOOD, judge, sentence, trust, withheld
from BSAFusionLib.engine.verdict_thresholds import BIAS, LIMITS, SIGNS, WEIGHTS

SOUND = {
    "mirror_fit": 0.75,
    "information_gain": 6.0,
    "edge_gain": 4.0,
    "local_fit": 0.62,
    "local_fit_regions": 180,
    "local_fit_within_mm": 5.0,
    "overlap": 0.98,
    "alignment_converged": True,
    "initial_turn_degrees": 8.0,
    "initial_shift_mm": 12.0,
    "fixed_unfamiliarity": 1.0,
    "moving_unfamiliarity": 1.0,
    "forward_backward_mm": 0.1,
    "in_slices_p95_mm": 3.0,
    "in_slices_roughness": 0.02,
    "in_slices_jump_mm": 0.3,
    "smallest_jacobian": 0.8,
    "folded_share": 0.0,
    "inverse_consistency_mm": 0.001,
    "nmi_before": 1.05,
    "nmi_after": 1.12,
    "nmi_change": 0.07,
}
WORSE = {
    "mirror_fit": 1.0,
    "local_fit": 0.05,
    "information_gain": 1.0,
    "edge_gain": 0.5,
}
BOUNDS = [limit for limit in LIMITS if limit.number != "trust"]


def report(verdict: str, insist: bool = False) -> dict[str, Any]:
    return {
        "verdict": {"verdict": verdict, "reasons": ["Because."], "numbers": {}},
        "configuration": {"insist": insist},
    }


def test_a_sound_run_is_good_and_says_why() -> None:
    judged = judge(SOUND)
    assert judged["verdict"] == GOOD
    assert judged["numbers"] == SOUND | {"trust": trust(SOUND)}
    assert any("62% of 180 regions" in reason for reason in judged["reasons"])


@pytest.mark.parametrize("limit", BOUNDS, ids=lambda limit: limit.number)
def test_every_number_beyond_its_limit_is_a_reason_with_the_number(limit: Any) -> None:
    step = -1e-3 if limit.worse == "below" else 1e-3
    for bound, verdict in ((limit.check, CHECK), (limit.do_not_use, DO_NOT_USE)):
        if bound is not None:
            judged = judge(SOUND | {limit.number: bound + step * max(1, abs(bound))})
            assert judged["verdict"] == verdict
            assert len(judged["reasons"]) == 1
            assert judge(SOUND | {limit.number: bound - step})["verdict"] != DO_NOT_USE or verdict == CHECK


def test_the_worst_reasons_come_first() -> None:
    judged = judge(SOUND | {"in_slices_roughness": 0.02, "overlap": 0.05, "initial_turn_degrees": 50.0})
    assert judged["verdict"] == DO_NOT_USE
    assert "5%" in judged["reasons"][0]
    assert "50 degrees" in judged["reasons"][1]


@pytest.mark.parametrize("number", WORSE)
def test_a_worse_sign_lowers_the_trust(number: str) -> None:
    assert trust(SOUND | {number: WORSE[number]}) < trust(SOUND)


def test_signs_that_are_bad_together_forbid_the_use_and_are_told_with_their_numbers() -> None:
    judged = judge(SOUND | WORSE)
    assert judged["verdict"] == DO_NOT_USE
    assert judged["numbers"]["trust"] == trust(WORSE)
    assert judged["reasons"][0].startswith("Of runs that look like this one, ")
    told = " ".join(judged["reasons"][1:])
    assert "100%" in told
    assert "5% of 180 regions" in told


def test_trust_is_the_logistic_function_of_the_weighted_signs() -> None:
    """Each sign one spread on its good side of what is usual: the weights add up."""
    numbers = {}
    for sign in SIGNS:
        usual, spread, weight = WEIGHTS[sign.number]
        numbers[sign.number] = usual + np.sign(weight) * spread
    odds = BIAS + sum(abs(weight) for _, _, weight in WEIGHTS.values())
    assert trust(numbers) == pytest.approx(1 / (1 + np.exp(-odds)))
    assert trust({}) == pytest.approx(1 / (1 + np.exp(-BIAS)))


@pytest.mark.parametrize("number", ["local_fit", "information_gain", "edge_gain"])
def test_where_the_volume_was_bent_the_mean_of_before_and_after_counts(number: str) -> None:
    bent = SOUND | {number: 0.2, f"{number}_bent": 0.4}
    assert trust(bent) == pytest.approx(trust(SOUND | {number: 0.3}))
    told = " ".join(judge(SOUND | WORSE | {f"{number}_bent": WORSE[number]})["reasons"])
    assert told.count("(Mean of before and after the volume was bent.)") == 1


def test_the_volume_may_be_bent_as_a_whole_farther_than_its_slices_are() -> None:
    """An 8 mm bend, rightly undone, is no reason; what the network adds may not be as large."""
    assert judge(SOUND | {"bending_p95_mm": 14.0, "bending_roughness": 0.32})["verdict"] == GOOD
    assert judge(SOUND | {"in_slices_p95_mm": 14.0})["verdict"] == CHECK
    assert judge(SOUND | {"in_slices_roughness": 0.32})["verdict"] == CHECK


def test_nothing_is_told_to_be_right_or_wrong_for_sure() -> None:
    surely = {"mirror_fit": 0.2, "local_fit": 0.9, "information_gain": 20.0, "edge_gain": 9.0}
    assert trust(SOUND | surely) > 0.995
    assert "like this one, 99% are right" in judge(SOUND | surely)["reasons"][0]


def test_what_was_not_measured_is_no_reason() -> None:
    assert judge(SOUND | {"nmi_change": None, "forward_backward_mm": None})["verdict"] == GOOD


def test_only_what_should_not_be_used_is_withheld_unless_the_user_insists() -> None:
    assert withheld(report(DO_NOT_USE))
    assert not withheld(report(DO_NOT_USE, insist=True))
    assert not withheld(report(CHECK))
    assert not withheld({})


def test_the_sentence_says_the_verdict_why_and_what_to_do() -> None:
    assert sentence(report(CHECK)) == f"Verdict: check. Because. {ADVICE[CHECK]}"
    assert "Nothing was published as aligned" in sentence(report(DO_NOT_USE))
    assert "because you insisted" in sentence(report(DO_NOT_USE, insist=True))
    assert sentence({}) == ""


def test_every_limit_says_what_set_it_and_every_modality_is_known() -> None:
    assert all(limit.measured.endswith(".") for limit in LIMITS)
    assert set(WEIGHTS) == {sign.number for sign in SIGNS}
    assert set(FAMILIAR) == {"mr", "ct", "pet", "spect"}
