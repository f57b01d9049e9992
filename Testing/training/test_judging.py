from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from bsafusion_training.ablation import ablation_text, first_steps
from bsafusion_training.data.pairs import Pairs
from bsafusion_training.data.volumes import read_volume_pairs
from bsafusion_training.evaluation import (
    evaluate,
    judge_alignment,
    judge_undeformed,
    make_trial,
    patient_text,
)
from bsafusion_training.export import script
from bsafusion_training.network.warping import compose
from bsafusion_training.speed import table
from bsafusion_training.worst import draw_worst
from PIL import Image

from Testing.training.test_network import lively


def three_pairs() -> Pairs:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    image = (100 + 60 * torch.sin(x / 5) * torch.cos(y / 7)).to(torch.uint8).expand(3, -1, -1)
    return Pairs(image, image, torch.ones(3, dtype=torch.long), ["1", "1", "2"], ["1001", "1002", "2001"])


def idle(fixed: torch.Tensor, moving: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.maximum(fixed, moving), torch.zeros(1, 2, *fixed.shape[-2:])


def test_patients_are_told_apart_and_harm_is_counted() -> None:
    four = [4.0, 4.0, 4.0]
    scores = {"NCC": [0.8, 0.8, 0.9], "error mean": four, "error median": four, "known part": four}
    after = scores | {"error mean": [1.0, 2.0, 4.8], "still": [0.1, 0.3, 0.0]}
    text = patient_text(three_pairs(), {"nothing done": scores, "network": after})
    assert "| 1 | 2 | 0.800 to 0.800 | 4.000 to 1.500 | 4.000 to 4.000 | 0.20 |" in text
    assert "Error mean halved in 2, raised by more than 10 % in 1; " in text
    assert "Known part halved in 0, raised by more than 10 % in 0 of 3 pairs." in text


def test_the_known_part_does_not_care_where_a_pair_lay_to_begin_with() -> None:
    trial = make_trial(three_pairs(), 0, 0.5, 1)
    apart = torch.zeros_like(trial.truth)
    apart[:, 0] = 3.0
    found = compose(apart, trial.truth)
    judged = judge_undeformed(trial, found, apart)
    assert judged["known part"] == pytest.approx(0, abs=1e-4)
    assert judged["still"] == pytest.approx(3.0)
    assert judge_alignment(trial, found)["error mean"] > 2.5
    idle = judge_undeformed(trial, torch.zeros_like(found), torch.zeros_like(found))
    length = trial.truth.norm(dim=1, keepdim=True)[trial.head].mean()
    assert idle["known part"] == pytest.approx(float(length), rel=1e-4)


def test_the_worst_pairs_are_drawn_from_the_worst_on(tmp_path: Path) -> None:
    pairs = three_pairs()
    scores = evaluate(idle, pairs)["network"]
    names = draw_worst(idle, pairs, scores, 1.0, 1, tmp_path / "worst.png", count=2)
    assert names == [pairs.names[i] for i in np.argsort(scores["error mean"])[:0:-1]]
    with Image.open(tmp_path / "worst.png") as picture:
        assert picture.size == (5 * 64, 2 * 64)


def test_slices_of_volumes_lie_where_they_lie_in_space(tmp_path: Path) -> None:
    patient = tmp_path / "A"
    patient.mkdir()
    k, j, i = np.meshgrid(np.arange(30), np.arange(100), np.arange(100), indexing="ij")
    array = ((900 + 2.5 * j + 0.3 * k) * ((i > 30) & (i < 60))).astype(np.float32)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.0, 1.0, 3.0))
    sitk.WriteImage(image, str(patient / "MR_T1_image.nii.gz"))
    image.SetOrigin((7.0, 0.0, 0.0))
    sitk.WriteImage(image, str(patient / "CT_image.nii.gz"))
    pairs = read_volume_pairs(tmp_path, "CT-MRI", 2)
    assert pairs.fixed.shape == pairs.moving.shape == (2, 256, 256)
    mr, ct = (np.flatnonzero(images[0].float().mean(0) > 1) for images in (pairs.fixed, pairs.moving))
    assert abs(ct.mean() - mr.mean()) == pytest.approx(7, abs=1)
    with pytest.raises(FileNotFoundError):
        read_volume_pairs(tmp_path, "PET-MRI", 2)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_speed_is_told_for_every_batch_and_size(tmp_path: Path) -> None:
    script(lively()).save(str(tmp_path / "tiny.pt"))
    text = table(tmp_path / "tiny.pt", [1, 2], [64], torch.device("cpu"), half=False)
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| 64")]
    assert [row[1] for row in rows] == ["1", "2"]
    assert all(float(row[3]) > 0 for row in rows)


def test_all_five_steps_are_the_whole_registration() -> None:
    network = lively()
    fixed, moving = torch.rand(1, 1, 64, 64), torch.rand(1, 1, 64, 64)
    torch.testing.assert_close(first_steps(network, 5)(fixed, moving), network.register(fixed, moving))
    assert not torch.equal(first_steps(network, 2)(fixed, moving), network.register(fixed, moving))


def test_every_part_has_its_row_and_is_switched_on_again() -> None:
    network = lively()
    text = ablation_text(network, three_pairs().select([0]), 1.0, 1)
    assert [line.split(" | ")[0][2:] for line in text.splitlines()[2:]] == [
        "whole",
        *(f"first {k} of 5 steps" for k in (1, 2, 3, 4)),
        "heads not exchanged",
        "applied twice",
    ]
    assert network.mdf_fr.mfrh.exchange
