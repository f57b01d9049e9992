"""The shipped model from nothing by one command: the stages of a plan, each going on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .data.batches import Variety
from .data.pairs import Pairs
from .export import Restraint
from .mixing import mean_of
from .network import NetworkSize
from .trainer import CHECKPOINT, Recipe, go_on

PLAN = Path(__file__).parent / "plan.json"


@dataclass(frozen=True)
class Stage:
    """One training run, or a mean of earlier stages' weights.

    start: the stage whose weights it begins with, or None for nothing. mean: the stages it is the mean of;
    empty for a training run.
    """

    name: str
    recipe: Recipe
    start: str | None
    mean: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What leads to a model: its stages in order, and how much of the displacement the exported one keeps."""

    stages: tuple[Stage, ...]
    restraint: Restraint


def read_recipe(changes: dict[str, Any], begun: bool) -> Recipe:
    """Return the standard recipe with changes, as JSON holds them.

    begun: whether the run begins with weights, which have learnt the easy pairs.
    """
    parts: dict[str, Any] = {"variety": Variety(**changes.get("variety", {}))}
    if "size" in changes:
        parts["size"] = NetworkSize(**changes["size"])
    easy = {"easy_steps": 0} if begun else {}
    return Recipe(**{**easy, **changes, **parts})


def read_plan(path: Path = PLAN) -> Plan:
    """Read a plan from JSON.

    Raises ValueError where a stage builds on one that does not come before it.
    """
    plain = json.loads(path.read_text())
    stages, known = [], set[str]()
    for its in plain["stages"]:
        start = its.get("start")
        recipe = read_recipe(its.get("recipe", {}), begun=start is not None)
        stage = Stage(its["name"], recipe, start, tuple(its.get("mean", ())))
        for earlier in (*stage.mean, *([stage.start] if stage.start else [])):
            if earlier not in known:
                raise ValueError(f"{path}: {stage.name} builds on {earlier}, which does not come before it.")
        stages.append(stage)
        known.add(stage.name)
    restraint = plain["restraint"]
    return Plan(tuple(stages), Restraint(restraint["trust"], tuple(restraint["doubtful"])))


def checkpoint_of(folder: Path, stage: str) -> Path:
    """Return where a stage keeps its checkpoint."""
    return folder / stage / CHECKPOINT


def run_stage(stage: Stage, sets: dict[str, Pairs], folder: Path, device: str) -> Iterator[dict[str, Any]]:
    """Run one stage to its end, from where it stands; yields what it logs."""
    if stage.mean:
        mean_of([checkpoint_of(folder, name) for name in stage.mean], checkpoint_of(folder, stage.name))
        return
    start = checkpoint_of(folder, stage.start) if stage.start else None
    for line in go_on(stage.recipe, sets, device, folder / stage.name, start):
        yield {"stage": stage.name, **line}


def run_plan(plan: Plan, sets: dict[str, Pairs], folder: Path, device: str) -> Iterator[dict[str, Any]]:
    """Run all stages in order; the last one's checkpoint is what there is to export."""
    for stage in plan.stages:
        yield from run_stage(stage, sets, folder, device)
