from pathlib import Path

import pytest
import torch
from bsafusion_training.mixing import mean_of
from bsafusion_training.network import BSAFusion, NetworkSize
from bsafusion_training.trainer import Trainer

from Testing.training.test_network import SMALL
from Testing.training.test_trainer import pairs, recipe


def checkpoint(path: Path, value: float) -> Path:
    trainer = Trainer(recipe(4), pairs())
    for weight in trainer.average.state_dict().values():
        weight.fill_(value)
    trainer.save(path)
    return path


def test_a_new_run_begins_with_the_mean_of_three(tmp_path: Path) -> None:
    three = [checkpoint(tmp_path / f"{value}.pt", value) for value in (1.0, 2.0, 6.0)]
    mean_of(three, tmp_path / "new" / "mean.pt")
    trainer = Trainer(recipe(4), pairs())
    trainer.start_from(tmp_path / "new" / "mean.pt")
    for name, value in trainer.network.named_parameters():
        torch.testing.assert_close(value.detach(), torch.full_like(value, 3.0), msg=name)


def test_of_networks_of_different_sizes_there_is_no_mean(tmp_path: Path) -> None:
    first = checkpoint(tmp_path / "a.pt", 1.0)
    other = BSAFusion(NetworkSize(**{**SMALL.__dict__, "fusion": [4, 4, 4]}))
    torch.save({"average": other.state_dict()}, tmp_path / "b.pt")
    with pytest.raises(ValueError, match="different sizes"):
        mean_of([first, tmp_path / "b.pt"], tmp_path / "mean.pt")
    assert not (tmp_path / "mean.pt").exists()
