"""The refiner and the generator that ships."""

import torch

from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.refiner import RefinedGenerator, Refiner, RefinerSettings

SMALL = RefinerSettings(width=16, wide=16, bottleneck=4)


def test_untrained_it_is_the_linear_autoencoder() -> None:
    """The head starts at zero, so training can only depart from the baseline on purpose."""
    linear = LinearAutoencoder(torch.rand(2, 32 * 32), torch.rand(2, 3, 32 * 32))
    x = torch.rand(4, 1, 32, 32)
    assert torch.equal(RefinedGenerator(linear, Refiner(SMALL))(x), linear(x))


def test_every_weight_is_reached_by_the_gradient() -> None:
    """Once the head is off zero, no layer is cut off from the loss."""
    refiner = Refiner(SMALL)
    torch.nn.init.normal_(refiner.head.weight)
    refiner(torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in refiner.parameters())
