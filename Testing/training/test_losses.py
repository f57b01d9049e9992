import torch
from bsafusion_training.losses import (
    alignment_loss,
    correlation,
    fusion_loss,
    gradients,
    matching_loss,
    modality_losses,
    motion_loss,
    remaining,
    ssim_map,
)


def test_an_image_is_like_itself_and_unlike_noise() -> None:
    image = torch.rand(1, 1, 48, 48)
    torch.testing.assert_close(ssim_map(image, image), torch.ones(1, 1, 48, 48))
    assert ssim_map(image, torch.rand(1, 1, 48, 48)).mean() < 0.5


def test_sobel_gradients_of_a_ramp_are_its_slopes() -> None:
    ramp = (0.02 * torch.arange(32.0) - 0.01 * torch.arange(32.0)[:, None])[None, None]
    inner = gradients(ramp)[..., 2:-2, 2:-2]
    torch.testing.assert_close(inner.abs()[0, 0], torch.full((28, 28), 0.04), rtol=0, atol=1e-4)
    torch.testing.assert_close(inner.abs()[0, 1], torch.full((28, 28), 0.02), rtol=0, atol=1e-4)


def test_fusing_with_nothing_is_best_left_alone() -> None:
    image, nothing = torch.rand(1, 1, 48, 48), torch.zeros(1, 1, 48, 48)
    assert fusion_loss(image, image, nothing) < fusion_loss(0.5 * image, image, nothing)


def test_nothing_is_left_when_both_sides_stand_at_matching_points() -> None:
    shift = torch.tensor([3.0, -2.0]).reshape(1, 2, 1, 1).expand(1, 2, 24, 24)
    truth = torch.cat((shift, -shift))
    field = torch.cat((-0.5 * shift, 0.5 * shift))
    torch.testing.assert_close(remaining(field, truth), torch.zeros(2, 2, 24, 24))
    torch.testing.assert_close(remaining(0 * field, truth), truth)


def test_motion_is_scored_by_the_length_of_the_error() -> None:
    left = torch.zeros(2, 2, 8, 8)
    left[:, 0], left[:, 1] = 3.0, 4.0
    weight = torch.ones(2, 1, 8, 8)
    torch.testing.assert_close(motion_loss(0 * left, left, weight), torch.tensor(5.0), rtol=1e-4, atol=0)


def test_matching_is_best_where_the_true_offset_is() -> None:
    radius, left = 2, torch.zeros(2, 2, 4, 4)
    left[:, 0], left[:, 1] = 1.0, -2.0 + 0.01
    logits = torch.zeros(2, 4, 4, 25)
    right, wrong = logits.clone(), logits.clone()
    right[..., 0 * 5 + 3] = 20.0
    wrong[..., 4 * 5 + 3] = 20.0
    weight = torch.ones(2, 1, 4, 4)
    assert matching_loss(right, left, weight, radius) < 0.3
    assert matching_loss(wrong, left, weight, radius) > 10


def test_an_offset_out_of_reach_does_not_count() -> None:
    left = torch.full((2, 2, 4, 4), 5.0)
    loss = matching_loss(torch.randn(2, 4, 4, 25), left, torch.ones(2, 1, 4, 4), 2)
    assert loss == 0


def test_discrepancy_is_least_when_the_pair_looks_half_and_half() -> None:
    modality = torch.tensor([0, 1])
    sure = torch.tensor([[9.0, 0, 0, 0], [0, 9.0, 0, 0]])
    half = torch.tensor([[9.0, 9.0, 0, 0], [9.0, 9.0, 0, 0]])
    told, discrepancy = modality_losses(sure, half, modality)
    assert told < 0.01
    assert discrepancy < modality_losses(sure, sure, modality)[1]


def test_correlation_does_not_know_of_gain_and_offset() -> None:
    image = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(correlation(image, 0.3 * image + 0.2), torch.ones(2), rtol=0, atol=1e-3)
    torch.testing.assert_close(correlation(image, -image), -torch.ones(2), rtol=0, atol=1e-3)


def test_alignment_is_worst_where_images_are_shifted_most() -> None:
    image = torch.nn.functional.interpolate(torch.rand(1, 1, 12, 12), scale_factor=4, mode="bilinear")
    losses = [float(alignment_loss(image.roll(shift, 3), image)) for shift in (0, 1, 4)]
    assert losses == sorted(losses)
    assert abs(losses[0]) < 1e-3


def test_fusing_without_the_fainter_image_costs() -> None:
    strong, faint = torch.rand(1, 1, 48, 48), torch.zeros(1, 1, 48, 48)
    faint[..., 12:36, 12:36] = 0.2
    assert fusion_loss((strong + 0.5 * faint).clamp(0, 1), strong, faint) < fusion_loss(strong, strong, faint)
