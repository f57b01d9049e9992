from dataclasses import replace

import pytest
import torch
from bsafusion_training.data.pairs import Pairs
from bsafusion_training.evaluation import make_trial
from bsafusion_training.lasting import (
    best_share,
    judge_lasting,
    lasting_scores,
    lasting_square,
    lasting_text,
)
from torch import Tensor

from Testing.training.test_judging import idle, three_pairs


def one_pair() -> Pairs:
    """What lies in the middle, with black around it: nothing that moves leaves the image."""
    pairs = three_pairs().select([0])
    middle = torch.nn.functional.pad(pairs.fixed[:, 14:50, 14:50], (14, 14, 14, 14))
    return replace(pairs, fixed=middle, moving=middle)


def to_the_right(pixels: float) -> Tensor:
    shift = torch.zeros(1, 2, 64, 64)
    shift[:, 0] = pixels
    return shift


def test_what_errors_have_in_common_is_told_from_what_changes() -> None:
    generator = torch.Generator().manual_seed(1)
    changing = 2 * torch.randn(400, 1, 2, 1, 1, generator=generator).expand(-1, -1, -1, 8, 8)
    errors = [to_the_right(3.0)[..., :8, :8] + part for part in changing]
    upright = torch.zeros(1, 2, 8, 8)
    upright[:, 0] = 1.0
    assert lasting_square(errors, upright) == pytest.approx(9, rel=0.1)
    assert lasting_square(list(changing), upright) == pytest.approx(0, abs=0.1)


def test_only_what_crosses_an_edge_counts() -> None:
    level = torch.zeros(1, 2, 8, 8)
    level[:, 1] = 1.0
    assert lasting_square([to_the_right(3.0)[..., :8, :8]] * 2, level) == 0


def test_a_network_that_always_misses_by_as_much_is_found_out() -> None:
    trials = [make_trial(one_pair(), 0, 0.5, seed) for seed in (1, 2, 3)]
    judged = judge_lasting(trials, [trial.truth + to_the_right(2.0) for trial in trials])
    assert judged["lasting"] == pytest.approx(judged["error"], rel=1e-4)
    assert judged["NCC"] < 0.95 < 0.99 < judged["NCC without"]
    information = [judged[f"NMI {name}"] for name in ("stored", "moved", "against")]
    assert best_share(*information) == pytest.approx(0, abs=0.2)


def test_the_top_of_a_parabola_is_found_unless_it_is_far_off_or_there_is_none() -> None:
    values = (5 - (x - 0.7) ** 2 for x in (0, 1, -1))
    assert best_share(*values) == pytest.approx(0.7)
    assert best_share(0.0, 1.0, 1.0) is None
    assert best_share(0.0, 1.0, -1.1) is None


def test_a_table_has_a_row_for_each_patient_and_one_for_all() -> None:
    scores = lasting_scores(idle, one_pair(), 0.5, 3)
    lines = lasting_text({name: values * 2 for name, values in scores.items()}, ["1", "2"]).splitlines()
    assert [line.split(" | ")[:2] for line in lines[2:]] == [["| 1", "1"], ["| 2", "1"], ["| all", "2"]]
    assert scores["error"] == pytest.approx(scores["deformation"])
