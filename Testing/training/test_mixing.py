from pathlib import Path

import pytest
import torch
from bsafusion_training.mixing import mix
from bsafusion_training.network import BSAFusion, NetworkSize
from bsafusion_training.trainer import FUSION_PARTS, Trainer

from Testing.training.test_network import SMALL
from Testing.training.test_trainer import pairs, recipe


def checkpoint(path: Path, value: float) -> Path:
    trainer = Trainer(recipe(4), pairs())
    for weight in trainer.average.state_dict().values():
        weight.fill_(value)
    trainer.save(path)
    return path


def test_registration_is_mixed_and_fusion_taken_over(tmp_path: Path) -> None:
    first, second = checkpoint(tmp_path / "a.pt", 1.0), checkpoint(tmp_path / "b.pt", 5.0)
    mix(first, second, 0.25, tmp_path / "new" / "mixed.pt")
    trainer = Trainer(recipe(4), pairs())
    trainer.start_from(tmp_path / "new" / "mixed.pt")
    for name, value in trainer.network.named_parameters():
        wanted = 5.0 if name.startswith(FUSION_PARTS) else 2.0
        torch.testing.assert_close(value.detach(), torch.full_like(value, wanted), msg=name)


def test_networks_of_different_sizes_are_not_mixed(tmp_path: Path) -> None:
    first = checkpoint(tmp_path / "a.pt", 1.0)
    other = BSAFusion(NetworkSize(**{**SMALL.__dict__, "fusion": [4, 4, 4]}))
    torch.save({"average": other.state_dict()}, tmp_path / "b.pt")
    with pytest.raises(ValueError, match="different sizes"):
        mix(first, tmp_path / "b.pt", 0.5, tmp_path / "mixed.pt")
    assert not (tmp_path / "mixed.pt").exists()
