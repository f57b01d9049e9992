import torch
from bsafusion_training.network import BSAFusion
from bsafusion_training.optimiser import MOMENTUM, UPDATE, Muon, make_optimisers, orthogonal

from Testing.training.test_network import SMALL


def test_all_directions_of_an_update_become_equally_long() -> None:
    for shape in ((24, 90), (90, 24)):
        uneven = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * torch.logspace(
            0, -1.5, shape[1]
        )
        before, after = (torch.linalg.svdvals(matrix) for matrix in (uneven, orthogonal(uneven)))
        assert before.min() < 0.2 * before.max()
        assert after.min() > 0.5
        assert after.max() < 1.4


def test_the_first_update_points_where_the_gradient_does() -> None:
    left, _ = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(1)))
    weight = torch.nn.Parameter(torch.zeros(8, 2, 2, 2))
    weight.grad = (left * 3.0).reshape(8, 2, 2, 2)
    Muon([weight], lr=0.1, weight_decay=0.0).step()
    wanted = -0.1 * UPDATE * 8**0.5 * left
    direction = torch.nn.functional.cosine_similarity(weight.detach().flatten(), wanted.flatten(), dim=0)
    assert direction > 0.999
    torch.testing.assert_close(weight.detach().norm(), wanted.norm(), rtol=0.3, atol=0.0)


def test_earlier_gradients_carry_on() -> None:
    weight = torch.nn.Parameter(torch.zeros(4, 16))
    optimiser = Muon([weight], lr=0.1, weight_decay=0.0)
    first, second = torch.eye(4, 16), torch.eye(4, 16).roll(4, dims=1)
    for weight.grad in (first, second):
        optimiser.step()
    torch.testing.assert_close(optimiser.state[weight]["momentum"], MOMENTUM * first + second)


def test_every_parameter_is_learnt_by_one_optimiser() -> None:
    network = BSAFusion(SMALL)
    shared = [
        parameter
        for optimiser in make_optimisers(network, 1e-3, 0.0)
        for group in optimiser.param_groups
        for parameter in group["params"]
    ]
    assert len(shared) == len({id(p) for p in shared})
    assert {id(p) for p in shared} == {id(p) for p in network.parameters()}
    kernels = make_optimisers(network, 1e-3, 0.0)[0].param_groups[0]["params"]
    assert any(kernel.ndim == 4 for kernel in kernels)
