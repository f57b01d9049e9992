import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bsafusion_training.plan import Plan, checkpoint_of, read_plan, run_plan, run_stage
from bsafusion_training.trainer import Recipe

from Testing.training.test_network import SMALL
from Testing.training.test_trainer import pairs

SHORT = {"fusion_steps": 0, "batch": 2, "warm_up": 1, "image_size": 64, "half": False, "size": SMALL.__dict__}


def plan_of(folder: Path, stages: list[dict[str, Any]]) -> Plan:
    path = folder / "plan.json"
    restraint = {"trust": {"spect": 0.8}, "doubtful": [1.0, 1.5]}
    path.write_text(json.dumps({"stages": stages, "restraint": restraint}))
    return read_plan(path)


def three_stages(folder: Path) -> Plan:
    return plan_of(
        folder,
        [
            {"name": "long", "recipe": {**SHORT, "steps": 2}},
            {"name": "other", "start": "long", "recipe": {**SHORT, "steps": 2, "variety": {"plain": 0}}},
            {"name": "mean", "mean": ["long", "other"]},
        ],
    )


def averages(folder: Path, stage: str) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = torch.load(checkpoint_of(folder, stage), weights_only=True)["average"]
    return weights


def test_the_last_stage_is_the_mean_of_those_before_it(tmp_path: Path) -> None:
    list(run_plan(three_stages(tmp_path), pairs(), tmp_path, "cpu"))
    long, other, mean = (averages(tmp_path, stage) for stage in ("long", "other", "mean"))
    for name, value in mean.items():
        if value.dtype.is_floating_point:
            torch.testing.assert_close(value, (long[name] + other[name]) / 2, msg=name)


def test_a_plan_that_was_stopped_gives_what_an_unbroken_one_gives(tmp_path: Path) -> None:
    plan = three_stages(tmp_path)
    list(run_plan(plan, pairs(), tmp_path / "whole", "cpu"))
    list(run_stage(plan.stages[0], pairs(), tmp_path / "broken", "cpu"))
    written = checkpoint_of(tmp_path / "broken", "long").stat().st_mtime_ns
    list(run_plan(plan, pairs(), tmp_path / "broken", "cpu"))
    assert checkpoint_of(tmp_path / "broken", "long").stat().st_mtime_ns == written
    whole, broken = averages(tmp_path / "whole", "mean"), averages(tmp_path / "broken", "mean")
    assert all(torch.equal(value, broken[name]) for name, value in whole.items())


def test_a_stage_cannot_begin_with_a_later_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="first builds on second"):
        plan_of(tmp_path, [{"name": "first", "start": "second"}, {"name": "second"}])


def test_the_shipped_model_has_a_plan_that_ends_with_fusion() -> None:
    plan = read_plan()
    assert plan.stages[-1].recipe.fusion_steps == plan.stages[-1].recipe.steps
    assert plan.stages[0].start is None
    assert plan.stages[0].recipe != Recipe()
    assert set(plan.restraint.trust) == {"spect"}
