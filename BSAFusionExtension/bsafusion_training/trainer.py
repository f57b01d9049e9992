"""Training that can stop at any moment and go on exactly where it was."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .data.batches import BatchMaker, Variety
from .data.pairs import Pairs
from .network import BSAFusion, NetworkSize
from .objective import LossWeights, fusion_objective, registration_objective
from .optimiser import make_optimisers, set_rate
from .replay import Replay

CHECKPOINT = "last.pt"
"""Name of a run's checkpoint in its folder."""
FUSION_PARTS = ("mmff.", "mdf_fr.structure.")
"""Names of the parameters that are learnt in the last steps, when registration is finished."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run gives, besides the data."""

    steps: int = 20000
    fusion_steps: int = 3000
    batch: int = 4
    rate: float = 1.5e-3
    warm_up: int = 100
    decay: float = 1e-4
    average: float = 0.999
    refresh: int = 100
    half: bool = True
    seed: int = 1
    network_steps: int = 5
    image_size: int = 256
    easy_steps: int = 300
    easy_share: float = 0.15
    weights: LossWeights = field(default_factory=LossWeights)
    variety: Variety = field(default_factory=Variety)
    size: NetworkSize = field(default_factory=NetworkSize)


def easy_share(recipe: Recipe, step: int) -> float:
    """Return the share of one-modality pairs: all at first, so that matching comes before modalities."""
    return recipe.easy_share + (1 - recipe.easy_share) * max(0.0, 1 - step / max(1, recipe.easy_steps))


def learning_rate(recipe: Recipe, step: int) -> float:
    """Return the rate of a step: a linear rise, then a cosine to nearly zero, for registration and again for
    fusion."""
    length = recipe.steps - recipe.fusion_steps
    if step >= length:
        step, length = step - length, recipe.fusion_steps
    if step < recipe.warm_up:
        return recipe.rate * (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, length - recipe.warm_up)
    return recipe.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def portable(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe in plain lists and numbers, as a checkpoint holds it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return plain


class Trainer:
    """Holds the network, its average, the discriminator, the optimisers and the source of batches."""

    def __init__(self, recipe: Recipe, sets: dict[str, Pairs], device: str = "cpu") -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step, self.held = recipe, torch.device(device), 0, False
        self.network = BSAFusion(recipe.size).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.judge: nn.Linear = copy.deepcopy(self.network.mdf_fr.mfrh.classifier).requires_grad_(False)
        self.optimisers = make_optimisers(self.network, recipe.rate, recipe.decay)
        self.batches = BatchMaker(sets, self.device, recipe.seed, recipe.variety)
        self.easy = torch.zeros((), device=self.device)
        self.learn: Callable[[], dict[str, Tensor]] = self.learn_registration
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            self.learn = Replay(self.learn_registration, self.batches.generator)

    def advance(self) -> dict[str, Tensor]:
        """Take one step and return the loss's parts, which the next step may overwrite."""
        recipe = self.recipe
        set_rate(self.optimisers, learning_rate(recipe, self.step))
        if self.step < recipe.steps - recipe.fusion_steps:
            if self.step % recipe.refresh == 0:
                self.judge.load_state_dict(self.network.mdf_fr.mfrh.classifier.state_dict())
            self.easy.fill_(easy_share(recipe, self.step))
            parts = self.learn()
        else:
            self.hold_registration()
            parts = self.descend(self.fusion_loss())
        self.step += 1
        self.update_average()
        return parts

    def learn_registration(self) -> dict[str, Tensor]:
        """Take one step of registration."""
        return self.descend(self.registration_loss())

    def descend(self, found: tuple[Tensor, dict[str, Tensor]]) -> dict[str, Tensor]:
        """Change the weights by the loss's gradient, which counts as none where it is not finite."""
        loss, parts = found
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        broken = ~torch.isfinite(norm)
        for parameter in self.network.parameters():
            if parameter.grad is not None:
                parameter.grad.masked_fill_(broken, 0)
        for optimiser in self.optimisers:
            optimiser.step()
        return {"loss": loss.detach(), "gradient": norm, **parts}

    def registration_loss(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of MDF-FR and BSFA on a new batch of half the resolution."""
        recipe = self.recipe
        batch = self.batches.draw(recipe.batch, recipe.image_size, self.easy, pixel=2)
        with self.precision():
            return registration_objective(
                self.network, self.judge, batch, recipe.weights, recipe.network_steps
            )

    def fusion_loss(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of MMFF on a new clean batch."""
        count = self.recipe.batch // 2
        batch = self.batches.draw(count, self.recipe.image_size, clean=True)
        with self.precision():
            return fusion_objective(self.network, batch)

    def hold_registration(self) -> None:
        """Take over the average of what registers, once, and let only what fuses learn from now on."""
        if self.held:
            return
        self.held = True
        average = self.average.state_dict()
        finished = {name: value for name, value in average.items() if not name.startswith(FUSION_PARTS)}
        self.network.load_state_dict(finished, strict=False)
        self.network.eval()
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name.startswith(FUSION_PARTS))
        for part in (self.network.mdf_fr.structure, self.network.mmff):
            part.train()

    def precision(self) -> AbstractContextManager[Any]:
        """Return the context of mixed precision, where the recipe asks for it."""
        if not self.recipe.half:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the average towards the network; young averages move faster."""
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        means, values = list(self.average.state_dict().values()), list(self.network.state_dict().values())
        real = [i for i, mean in enumerate(means) if mean.dtype.is_floating_point]
        counts = [i for i, mean in enumerate(means) if not mean.dtype.is_floating_point]
        torch._foreach_lerp_([means[i] for i in real], [values[i] for i in real], 1 - keep)
        torch._foreach_copy_([means[i] for i in counts], [values[i] for i in counts])

    def state(self) -> dict[str, Any]:
        """Return all that an exact continuation needs."""
        return {
            "recipe": portable(self.recipe),
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "judge": self.judge.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "generator": self.batches.generator.get_state(),
        }

    def save(self, path: Path) -> None:
        """Write a checkpoint; a crash leaves the previous one whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(self.state(), partial)
        partial.replace(path)

    def start_from(self, path: Path) -> None:
        """Take over the averaged weights of another run's checkpoint; other layers begin anew."""
        average = torch.load(path, map_location=self.device, weights_only=True)["average"]
        mine = self.network.state_dict()
        fitting = {n: v for n, v in average.items() if n in mine and v.shape == mine[n].shape}
        self.network.load_state_dict({**mine, **fitting})
        self.average.load_state_dict(self.network.state_dict())

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint of the same recipe; the number of steps may differ.

        Raises ValueError where the recipe is another.
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        mine = {**portable(self.recipe), "steps": 0}
        if {**state["recipe"], "steps": 0} != mine:
            raise ValueError(f"{path} was made with another recipe: {state['recipe']}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.judge.load_state_dict(state["judge"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.batches.generator.set_state(state["generator"].cpu())
        self.step = state["step"]


def go_on(
    recipe: Recipe, sets: dict[str, Pairs], device: str, folder: Path, start: Path | None
) -> Iterator[dict[str, float]]:
    """Train from where the folder's last checkpoint stands, else from the weights of `start`, else from
    nothing; yields each logged line."""
    trainer, checkpoint = Trainer(recipe, sets, device), folder / CHECKPOINT
    if checkpoint.exists():
        trainer.resume(checkpoint)
    elif start:
        trainer.start_from(start)
    yield from train(trainer, folder)


def train(
    trainer: Trainer, folder: Path, save_every: int = 500, log_every: int = 100
) -> Iterator[dict[str, float]]:
    """Run to the end of the recipe, writing folder/last.pt and folder/log.jsonl; yields each logged line."""
    folder.mkdir(parents=True, exist_ok=True)
    began, sums = time.monotonic(), dict[str, Tensor]()
    while trainer.step < trainer.recipe.steps:
        for name, value in trainer.advance().items():
            sums[name] = sums.get(name, 0) + value / log_every
        if trainer.step % log_every == 0:
            line = {"step": trainer.step, "seconds": round(time.monotonic() - began, 1)}
            line |= {name: round(float(value), 4) for name, value in sums.items()}
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            sums.clear()
            yield line
        if trainer.step % save_every == 0 or trainer.step == trainer.recipe.steps:
            trainer.save(folder / CHECKPOINT)
