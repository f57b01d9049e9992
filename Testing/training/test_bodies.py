import pytest
import torch
from bsafusion_training.data.batches import BatchMaker, Variety
from bsafusion_training.data.bodies import AIR, CORTEX, FAT, MARROW, ORGANS, SKIN, BodyMaker

from Testing.training.test_data import CPU, flat_pairs

CT, PET = 1, 2


def maker(seed: int = 3) -> BodyMaker:
    return BodyMaker(torch.Generator().manual_seed(seed))


def test_bodies_have_skin_fat_organs_and_bones_and_air_around_them() -> None:
    labels = maker().labels(16, 64)
    assert labels.shape == (16, 1, 64, 64)
    assert set(labels.unique().tolist()) == {AIR, SKIN, FAT, *range(ORGANS, CORTEX), CORTEX, MARROW}
    rim = torch.cat((labels[..., 0, :], labels[..., -1, :]), dim=-1)
    assert (rim == AIR).float().mean() > 0.9
    assert 0.1 < (labels > AIR).float().mean() < 0.7


def test_cortical_bone_is_dark_in_mr_and_bright_in_ct() -> None:
    bodies = maker()
    labels = bodies.labels(32, 64)
    cortex, organs = labels == CORTEX, (labels >= ORGANS) & (labels < CORTEX)
    mr, ct = bodies.show(labels, "mr", 0.6), bodies.show(labels, "ct", 0.6)
    assert mr[cortex].max() <= 0.15 < mr[organs].mean()
    assert ct[cortex].min() >= 0.75 > ct[organs].max()
    assert not mr[labels == AIR].any()
    assert not ct[labels == AIR].any()


def test_organs_that_are_alike_differ_by_a_quarter() -> None:
    bodies, labels = maker(), torch.arange(ORGANS, CORTEX).reshape(1, 1, 1, 6).expand(64, -1, -1, -1)
    different = bodies.show(labels, "mr", 0.0).std(dim=3).mean()
    alike = bodies.show(labels, "mr", 1.0).std(dim=3).mean()
    assert alike == pytest.approx(float(different) / 4, rel=0.2)


def test_both_images_show_the_same_body() -> None:
    mr, other, modality = maker().draw(16, 64)
    assert mr.shape == other.shape == (16, 1, 64, 64)
    assert set(modality.tolist()) == {CT, PET}
    for images in (mr, other):
        assert 0 <= images.min() < 0.01
        assert 0.2 < images.max() <= 1
    both = (mr > 0.04) & (other > 0.04)
    assert both.sum() > 0.5 * torch.minimum((mr > 0.04).sum(), (other > 0.04).sum())


def test_a_batch_of_bodies_shows_no_patient() -> None:
    sets = {"SPECT-MRI": flat_pairs(3, 255, 255)}
    for bodies, modalities in ((1.0, {CT, PET}), (0.0, {3})):
        variety = Variety(plain=1.0, bodies=bodies)
        batch = BatchMaker(sets, CPU, 2, variety).draw(8, 64, clean=True)
        assert set(batch.modality[8:].tolist()) == modalities
