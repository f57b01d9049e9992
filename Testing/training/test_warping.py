import math

import torch
from bsafusion_training.network.folding import is_gentle, jacobian_determinant, unfold_field
from bsafusion_training.network.warping import compose, invert, resize_field, warp


def ramp(height: int, width: int) -> torch.Tensor:
    """3 x + 5 y, which bilinear sampling reproduces exactly."""
    return (3.0 * torch.arange(width) + 5.0 * torch.arange(height)[:, None])[None, None]


def wave(height: int, width: int, length: float = 3.0) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    phase = 2 * math.pi * (x / width + y / height)
    return length * torch.stack((torch.sin(phase), torch.cos(phase)))[None]


def test_a_warp_on_a_map_that_is_not_square_moves_by_whole_and_part_pixels() -> None:
    displacement = torch.tensor([2.5, -1.25]).reshape(1, 2, 1, 1).expand(1, 2, 40, 56)
    moved = warp(ramp(40, 56), displacement)
    expected = ramp(40, 56) + 3.0 * 2.5 - 5.0 * 1.25
    torch.testing.assert_close(moved[..., 4:-4, 4:-4], expected[..., 4:-4, 4:-4], rtol=0, atol=1e-3)


def test_a_warp_by_nothing_changes_nothing() -> None:
    image = torch.rand(2, 3, 33, 47)
    torch.testing.assert_close(warp(image, torch.zeros(2, 2, 33, 47)), image, rtol=0, atol=1e-5)


def test_outside_the_image_is_black() -> None:
    displacement = torch.full((1, 2, 32, 32), 100.0)
    assert warp(torch.ones(1, 1, 32, 32), displacement).abs().max() == 0


def test_a_resized_field_keeps_its_meaning_in_each_axis() -> None:
    field = torch.tensor([4.0, 6.0]).reshape(1, 2, 1, 1).expand(1, 2, 20, 30)
    small = resize_field(field, 10, 10)
    torch.testing.assert_close(small[0, :, 3, 3], torch.tensor([4.0 / 3, 3.0]))


def test_a_field_after_its_inverse_is_nothing() -> None:
    field = wave(64, 96)
    left = compose(invert(field, 30), field)
    assert left[..., 8:-8, 8:-8].norm(dim=1).max() < 0.02


def test_the_jacobian_of_a_scaling_is_its_area() -> None:
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(24.0), indexing="ij")
    field = torch.stack((0.5 * x, -0.25 * y))[None]
    torch.testing.assert_close(jacobian_determinant(field), torch.full((1, 1, 15, 23), 1.5 * 0.75))


def test_a_folded_field_comes_back_without_folds_and_a_sound_one_untouched() -> None:
    sound = wave(64, 64)
    assert torch.equal(unfold_field(sound), sound)
    folded = wave(64, 64, 25.0)
    assert jacobian_determinant(folded).min() < 0
    assert jacobian_determinant(unfold_field(folded)).min() > 0


def test_only_a_field_that_cannot_reach_the_floor_is_gentle() -> None:
    for length in (1.0, 4.0, 5.0, 6.0, 10.0, 25.0):
        field = wave(64, 64, length)
        if is_gentle(field, 0.05):
            assert jacobian_determinant(field).min() >= 0.05
    steep = torch.zeros(1, 2, 8, 8)
    steep[:, :, :, 4:] = -0.48
    assert jacobian_determinant(steep).min() > 0.05
    assert not is_gentle(steep, 0.05)
    assert torch.equal(unfold_field(steep), steep)
    assert is_gentle(0.98 * steep, 0.05)
