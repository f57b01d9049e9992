from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bsafusion_training.data.pairs import Pairs
from bsafusion_training.evaluation import evaluate, table_text
from bsafusion_training.trainer import FUSION_PARTS, Recipe, Trainer, learning_rate, train

from Testing.training.test_network import SMALL


def pairs(count: int = 2) -> dict[str, Pairs]:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 256), torch.linspace(-1, 1, 256), indexing="ij")
    head = 200 * ((x / 0.7) ** 2 + (y / 0.8) ** 2 < 1) * (0.6 + 0.4 * torch.sin(12 * x) * torch.cos(9 * y))
    fixed = head.to(torch.uint8).expand(count, -1, -1)
    names = [f"1{i:03d}" for i in range(count)]
    return {"CT-MRI": Pairs(fixed, 220 - fixed, torch.ones(count, dtype=torch.long), ["1"] * count, names)}


def recipe(steps: int) -> Recipe:
    return Recipe(steps=steps, fusion_steps=2, batch=2, warm_up=2, image_size=128, half=False, size=SMALL)


def test_a_resumed_run_gives_what_an_unbroken_one_gives(tmp_path: Path) -> None:
    unbroken = Trainer(recipe(4), pairs())
    list(train(unbroken, tmp_path / "unbroken"))
    broken = Trainer(recipe(4), pairs())
    broken.advance(), broken.advance()
    broken.save(tmp_path / "broken.pt")
    resumed = Trainer(recipe(4), pairs())
    resumed.resume(tmp_path / "broken.pt")
    list(train(resumed, tmp_path / "resumed"))
    for name, value in unbroken.average.state_dict().items():
        assert torch.equal(value, resumed.average.state_dict()[name]), name


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    Trainer(recipe(4), pairs()).save(tmp_path / "last.pt")
    other = Trainer(Recipe(batch=3, image_size=128, size=SMALL), pairs())
    with pytest.raises(ValueError, match="another recipe"):
        other.resume(tmp_path / "last.pt")


def test_registration_overfits_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(replace(recipe(1000), rate=3e-3), pairs(1))
    batch = trainer.batches.draw(2, 128, easy=1.0, pixel=2)
    monkeypatch.setattr(trainer.batches, "draw", lambda *_, **__: batch)
    losses = [trainer.advance() for _ in range(40)]
    for part in ("matching", "motion"):
        assert losses[-1][part] < 0.7 * losses[0][part], part


def test_fusion_learns_to_give_two_equal_images_back(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(replace(recipe(100), fusion_steps=100, rate=5e-3), pairs(1))
    batch = trainer.batches.draw(2, 128, easy=1.0, clean=True)
    batch = replace(batch, fixed=batch.target, moving=batch.target)
    monkeypatch.setattr(trainer.batches, "draw", lambda *_, **__: batch)
    losses = [trainer.advance()["fusion"] for _ in range(80)]
    assert losses[-1] < 0.4 * losses[0]


def test_what_registers_stays_as_it_is_while_fusion_is_learnt() -> None:
    trainer = Trainer(recipe(4), pairs())
    trainer.advance(), trainer.advance()
    before = {name: value.clone() for name, value in trainer.average.state_dict().items()}
    trainer.advance(), trainer.advance()
    for name, value in trainer.average.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith(FUSION_PARTS) or "num_batches" in name, (
            name
        )


def test_the_rate_rises_and_falls_to_nearly_nothing_for_registration_and_for_fusion() -> None:
    plan = Recipe(steps=1500, fusion_steps=500, warm_up=100)
    for start, end in ((0, 999), (1000, 1499)):
        rates = [learning_rate(plan, start + step) for step in (0, 50, 100)]
        assert rates == sorted(rates)
        assert learning_rate(plan, end) < 0.02 * plan.rate


def test_an_idle_network_is_judged_as_nothing_done() -> None:
    def idle(fixed: torch.Tensor, moving: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.maximum(fixed, moving), torch.zeros(1, 2, *fixed.shape[-2:])

    table = evaluate(idle, pairs(2)["CT-MRI"])
    assert table["network"]["NCC"] == table["nothing done"]["NCC"]
    assert max(table["network"]["still"]) == 0
    assert min(table["network"]["error mean"]) > 1.0
    assert table["maximum with the truth"]["SCD"][0] > table["nothing done"]["SCD"][0] - 0.2
    assert "| network |" in table_text("CT-MRI", table)
