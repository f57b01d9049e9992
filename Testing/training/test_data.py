from pathlib import Path

import numpy as np
import pytest
import torch
from bsafusion_training.data.augmentation import degrade, paint_functional, random_contrast
from bsafusion_training.data.batches import BatchMaker, Variety
from bsafusion_training.data.deformation import affine_field, published_field, training_field
from bsafusion_training.data.pairs import SPLIT, Pairs, part_of, read_folder
from bsafusion_training.network.folding import jacobian_determinant
from bsafusion_training.network.warping import resize_field, warp
from PIL import Image


def seeded(seed: int = 5) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def smooth_pairs() -> Pairs:
    """One pair of the same smooth picture, so that a correct warp is easy to check."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 256), torch.linspace(-1, 1, 256), indexing="ij")
    image = 120 * torch.exp(-3 * (x**2 + y**2)) * (1.2 + torch.sin(9 * x) * torch.cos(7 * y))
    image = image[None].to(torch.uint8)
    return Pairs(image, image, torch.tensor([1]), ["1"], ["1001"])


CPU = torch.device("cpu")


def flat_pairs(modality: int, low: int, high: int, cases: list[str] | None = None) -> Pairs:
    """Pairs whose two images are equally bright everywhere: the first ones low, the last ones high."""
    cases = cases or ["1", "2"]
    grey = torch.tensor([low] * (len(cases) // 2) + [high] * (len(cases) // 2), dtype=torch.uint8)
    images = grey[:, None, None].expand(-1, 256, 256).clone()
    kinds = torch.full((len(cases),), modality)
    return Pairs(images, images, kinds, cases, [f"{i:04d}" for i in range(len(cases))])


def always_unless_never(count: int, probability: float | torch.Tensor, _: torch.Generator) -> torch.Tensor:
    """Stand for chance, without luck."""
    return torch.full((count, 1, 1, 1), float(probability) >= 1.0)


def test_the_published_deformation_is_four_pixels_long_and_smooth() -> None:
    length = published_field(12, 256, 256, 1.0, seeded()).norm(dim=1)
    assert 3.5 < length.mean() < 4.3
    assert 7.0 < length.quantile(0.95) < 9.0


def test_training_deformations_have_an_inverse_and_some_are_none() -> None:
    field = training_field(64, 64, 4.0, seeded())
    assert jacobian_determinant(field).min() > 0
    still = (field.abs().amax(dim=(1, 2, 3)) == 0).float().mean()
    assert 0.03 < still < 0.3
    assert 4 * field.norm(dim=1).max() > 12


def test_an_affine_field_turns_about_the_middle() -> None:
    turn = torch.tensor([[[0.0, -1.0], [1.0, 0.0]]])
    field = affine_field(turn, torch.zeros(1, 2), 5)
    torch.testing.assert_close(field[0, :, 2, 2], torch.zeros(2))
    torch.testing.assert_close(field[0, :, 2, 4], torch.tensor([-2.0, 2.0]))


def test_the_true_displacement_of_a_batch_undoes_its_deformation(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("degrade", "random_contrast"):
        monkeypatch.setattr(f"bsafusion_training.data.batches.{name}", lambda images, *_: images)
    maker = BatchMaker({"CT-MRI": smooth_pairs()}, CPU, seed=2)
    batch = maker.draw(4, 256)
    undone = warp(batch.moving, resize_field(batch.forward, 256, 256))
    inside = (slice(None), slice(None), slice(48, -48), slice(48, -48))
    before = (batch.moving - batch.target)[inside].abs().mean()
    after = (undone - batch.target)[inside].abs().mean()
    assert after < 0.1 * before


def test_plain_pairs_keep_their_intensities_and_roles() -> None:
    fixed, moving = (torch.full((1, 256, 256), value, dtype=torch.uint8) for value in (51, 153))
    pair = Pairs(fixed, moving, torch.tensor([2]), ["1"], ["1001"])
    batch = BatchMaker({"PET-MRI": pair}, CPU, 2, Variety(plain=1.0, bodies=0)).draw(8, 256)
    inside = (slice(None), slice(None), slice(96, -96), slice(96, -96))
    torch.testing.assert_close(batch.fixed[inside], torch.full((8, 1, 64, 64), 0.2))
    torch.testing.assert_close(batch.moving[inside], torch.full((8, 1, 64, 64), 0.6))


def test_one_modality_pairs_come_before_plain_ones() -> None:
    maker = BatchMaker({"CT-MRI": smooth_pairs()}, CPU, 2, Variety(plain=1.0))
    assert maker.draw(4, 64, easy=1.0).modality.tolist() == [0] * 8


def test_mixed_pairs_are_made_of_two_of_one_modality(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("degrade", "random_contrast", "vary_regions"):
        monkeypatch.setattr(f"bsafusion_training.data.batches.{name}", lambda images, *_: images)
    monkeypatch.setattr("bsafusion_training.data.batches.chance", always_unless_never)
    sets = {"CT-MRI": flat_pairs(1, 51, 102), "PET-MRI": flat_pairs(2, 153, 255)}
    batch = BatchMaker(sets, CPU, 2, Variety(plain=0.0, mixed=1.0, painted=0.0)).draw(16, 64, clean=True)
    middle = torch.cat((batch.fixed, batch.moving), dim=1)[..., 32, 32]
    of_pet = batch.modality[:16] + batch.modality[16:] == 2
    for modality, (low, high) in ((False, (0.2, 0.4)), (True, (0.6, 1.0))):
        values = middle[of_pet == modality]
        assert values.min() >= low - 1e-3
        assert values.max() <= high + 1e-3
        assert ((values > low + 0.01) & (values < high - 0.01)).any()
        torch.testing.assert_close(values[:, 0], values[:, 1])


def test_one_slice_in_eight_of_the_patients_learnt_from_is_kept_for_judging() -> None:
    pairs = flat_pairs(1, 0, 0, cases=["a"] * 16 + ["b"] * 16)
    parts = part_of(pairs, ["b"])
    assert parts[16:] == ["validation"] * 16
    assert [i for i, part in enumerate(parts[:16]) if part == "neighbours"] == [3, 11]
    assert parts[:16].count("training") == 14


def test_background_stays_black_under_every_contrast() -> None:
    images = torch.zeros(6, 1, 64, 64)
    images[..., 20:40, 20:40] = torch.rand(6, 1, 20, 20)
    for changed in (random_contrast(images, 0.5, seeded()), paint_functional(images, seeded())):
        assert changed[..., :8, :8].abs().max() == 0
        assert changed[..., 24:36, 24:36].max() > 0.05
        assert changed.max() <= 1


def test_degraded_images_stay_in_range() -> None:
    changed = degrade(torch.rand(8, 1, 64, 64), seeded())
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_pairs_are_read_by_name_and_patient(tmp_path: Path) -> None:
    for folder in ("MRI", "CT"):
        (tmp_path / folder).mkdir()
        for name in ("16003", "2010"):
            Image.fromarray(np.full((32, 40), 7, np.uint8)).save(tmp_path / folder / f"{name}.png")
    pairs = read_folder(tmp_path, "CT")
    assert pairs.cases == ["16", "2"]
    assert pairs.fixed.shape == (2, 32, 40)
    (tmp_path / "CT" / "2010.png").unlink()
    with pytest.raises(FileNotFoundError):
        read_folder(tmp_path, "CT")


def test_the_split_holds_out_whole_patients_of_every_set() -> None:
    assert SPLIT.read_text().count("-MRI") == 3
