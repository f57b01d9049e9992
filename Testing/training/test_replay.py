import pytest
import torch
from bsafusion_training.trainer import Trainer

from Testing.training.test_trainer import pairs, recipe


@pytest.mark.skipif(not torch.cuda.is_available(), reason="steps are recorded on NVIDIA GPUs only")
def test_a_recorded_step_learns_as_an_ordinary_one_does() -> None:
    recorded, ordinary = (Trainer(recipe(20), pairs(), "cuda") for _ in range(2))
    ordinary.learn = ordinary.learn_registration
    for _ in range(8):
        theirs, ours = (float(trainer.advance()["loss"]) for trainer in (recorded, ordinary))
        assert theirs == pytest.approx(ours, rel=0.02)
