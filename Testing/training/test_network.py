import pytest
import torch
from bsafusion_training.network import BSAFusion, NetworkSize
from bsafusion_training.network.bsfa import total_displacement
from bsafusion_training.network.correlation import local_correlation
from bsafusion_training.network.mdf_fr import MFRH
from bsafusion_training.network.warping import warp

SMALL = NetworkSize(4, [8, 16, 16, 16, 16], [8, 8, 8, 8, 8], [16, 16, 16, 16, 16], [8, 8, 8])


def lively(size: NetworkSize = SMALL) -> BSAFusion:
    """A network whose last layers are not zero, so that it moves and paints something."""
    torch.manual_seed(3)
    network = BSAFusion(size).eval()
    for step in network.bsfa.steps:
        torch.nn.init.normal_(step.predict.weight, std=0.02)
    torch.nn.init.normal_(network.mmff.paint.weight, std=0.1)
    return network


@pytest.mark.parametrize(("height", "width"), [(16, 24), (9, 7), (5, 30)])
def test_correlation_is_the_inner_product_with_each_neighbour(height: int, width: int) -> None:
    query, key = torch.randn(2, 6, height, width), torch.randn(2, 6, height, width)
    volume = local_correlation(query, key, 2)
    padded = torch.nn.functional.pad(key, (2, 2, 2, 2))
    for dx, dy in ((0, 0), (2, -1), (-2, 2)):
        neighbour = padded[:, :, 2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width]
        expected = (query * neighbour).sum(dim=1)
        torch.testing.assert_close(volume[..., (dy + 2) * 5 + dx + 2], expected, rtol=1e-4, atol=1e-4)


def test_gradients_of_the_correlation_are_those_of_its_definition() -> None:
    query, key = (torch.randn(2, 3, 9, 17, dtype=torch.float64, requires_grad=True) for _ in range(2))
    padded = torch.nn.functional.pad(key, (1, 1, 1, 1))
    offsets = [(dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    neighbours = [padded[:, :, 1 + dy : 10 + dy, 1 + dx : 18 + dx] for dx, dy in offsets]
    defined = torch.stack([(query * neighbour).sum(dim=1) for neighbour in neighbours], dim=-1)
    weights = torch.randn_like(defined)
    expected = torch.autograd.grad(defined, (query, key), weights)
    found = torch.autograd.grad(local_correlation(query, key, 1), (query, key), weights)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 70), (96, 64)])
def test_any_size_and_any_batch_come_back_as_they_went_in(height: int, width: int) -> None:
    fused, displacement = lively()(torch.rand(3, 1, height, width), torch.rand(3, 1, height, width))
    assert fused.shape == (3, 1, height, width)
    assert displacement.shape == (3, 2, height, width)
    assert fused.min() >= 0
    assert fused.max() <= 1


def test_a_batch_gives_what_its_slices_give_alone() -> None:
    network = lively()
    fixed, moving = torch.rand(3, 1, 64, 64), torch.rand(3, 1, 64, 64)
    together = network.register(fixed, moving)
    alone = torch.cat([network.register(fixed[i : i + 1], moving[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_register_and_blend_are_the_two_halves_of_forward() -> None:
    network = lively()
    fixed, moving = torch.rand(1, 1, 64, 128), torch.rand(1, 1, 64, 128)
    fused, displacement = network(fixed, moving)
    torch.testing.assert_close(network.register(fixed, moving), displacement)
    still = network.fuse(network.mdf_fr.structures(torch.cat((fixed, moving))), fixed, moving, None)
    torch.testing.assert_close(network.blend(fixed, moving), still)
    assert not torch.equal(fused, still)


def test_half_precision_gives_nearly_the_same() -> None:
    network = lively()
    fixed, moving = torch.rand(1, 1, 64, 64), torch.rand(1, 1, 64, 64)
    fused, displacement = network(fixed, moving)
    fused_half, displacement_half = network.to(torch.float16)(fixed.half(), moving.half())
    torch.testing.assert_close(displacement_half.float(), displacement, rtol=0, atol=0.1)
    assert (fused_half.float() - fused).abs().mean() < 1 / 255


def test_swapped_roles_give_swapped_fields() -> None:
    network = lively()
    pair = torch.rand(2, 1, 64, 64)  # at half the resolution
    field = network.trace(pair).field
    swapped = network.trace(pair.flip(0)).field
    torch.testing.assert_close(swapped, field.flip(0), rtol=1e-4, atol=1e-4)


def test_the_total_displacement_brings_the_sides_to_the_meeting_point() -> None:
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    a = torch.stack((torch.sin(y / 9), torch.cos(x / 8)))[None]
    b = torch.stack((2 * torch.cos(x / 11), torch.sin(y / 7)))[None]
    total = total_displacement(torch.cat((a, b)))
    at_fixed_points = warp(total, a, padding="border")
    torch.testing.assert_close((a + at_fixed_points)[..., 6:-6, 6:-6], b[..., 6:-6, 6:-6], rtol=0, atol=0.05)


def test_the_exchange_gives_each_image_the_other_ones_head() -> None:
    torch.manual_seed(0)
    with_exchange, without = MFRH(16), MFRH(16, exchange=False)
    without.load_state_dict(with_exchange.state_dict())
    one, two, three = torch.randn(3, 1, 16, 2, 2)
    changed = [
        m(torch.cat((one, two)))[0][0] - m(torch.cat((one, three)))[0][0] for m in (with_exchange, without)
    ]
    assert changed[0].abs().max() > 1e-4
    assert changed[1].abs().max() < 1e-6
