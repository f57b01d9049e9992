import torch
from bsafusion_training.network.descriptors import CHANNELS, Descriptors


def slope(degrees: float) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    angle = torch.deg2rad(torch.tensor(degrees))
    return (0.02 * (x * torch.cos(angle) + y * torch.sin(angle)))[None, None].clamp(0, 1)


def test_an_edge_and_its_inverse_look_alike() -> None:
    image = torch.rand(1, 1, 32, 32)
    described, inverse = Descriptors()(image), Descriptors()(1 - image)
    assert described.shape == (1, CHANNELS, 32, 32)
    torch.testing.assert_close(
        described[..., 4:-4, 4:-4][:, 1:], inverse[..., 4:-4, 4:-4][:, 1:], atol=2e-3, rtol=0
    )


def test_edges_tell_twice_their_angle() -> None:
    for degrees in (10.0, 40.0):
        cosine, sine, strength = Descriptors()(slope(degrees))[0, 1:4, 16, 16]
        assert abs(torch.rad2deg(torch.atan2(sine, cosine)) - 2 * degrees) < 0.5
        torch.testing.assert_close(torch.hypot(cosine, sine), strength)
        torch.testing.assert_close(
            strength, torch.tensor(0.8), atol=0.01, rtol=0
        )  # 0.04^2 / (0.04^2 + 0.02^2)


def test_flat_images_have_no_edges_and_are_alike_everywhere() -> None:
    described = Descriptors()(torch.full((1, 1, 24, 24), 0.5))[..., 5:-5, 5:-5]
    assert described[:, 1:4].abs().max() < 1e-6
    torch.testing.assert_close(described[:, 4:], torch.ones_like(described[:, 4:]))
