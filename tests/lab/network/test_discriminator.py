"""The discriminator."""

from collections.abc import Iterator

import pytest
import torch

from stripsight_lab.losses import discriminator_loss
from stripsight_lab.network.discriminator import Discriminator, DiscriminatorSettings

SMALL = DiscriminatorSettings(widths=(4, 6), patch_size=16)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose time to more threads, and very much of it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_last_convolutional_map_is_16_by_16_by_256() -> None:
    """F_C of a whole patch, and one logit from it.

    Weights: 9 * (32 + 32*64 + 64*128 + 128*256) + 32, norms 2 * (64 + 128 + 256), dense 16*16*256 + 1.
    """
    with torch.device("meta"):
        network, x = Discriminator(DiscriminatorSettings()).eval(), torch.empty(2, 1, 256, 256)
    assert network.features(x).shape == (2, 256, 16, 16)
    assert network(x).shape == (2, 1)
    assert sum(p.numel() for p in network.parameters()) == 387_360 + 32 + 896 + 65_537


def test_the_dense_layer_reads_the_features() -> None:
    """What eq. 2 compares is what the decision is made from."""
    network, x = Discriminator(SMALL).eval(), torch.rand(3, 1, 16, 16)
    assert torch.equal(network(x), network.classify(network.features(x)))
    assert not torch.allclose(network.classify(network.features(x) + 1), network(x))


def test_it_learns_to_tell_two_kinds_of_patches() -> None:
    """Sharp stripes from flat grey, within a few steps."""
    torch.manual_seed(0)
    network = Discriminator(SMALL)
    adam = torch.optim.Adam(network.parameters(), lr=5e-3)
    stripes = torch.zeros(8, 1, 16, 16)
    stripes[..., ::2] = 1
    grey = torch.full((8, 1, 16, 16), 0.5)
    for _ in range(30):
        loss = discriminator_loss(network(stripes), network(grey))
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
    assert (network(stripes) > 0).all()
    assert (network(grey) < 0).all()


@pytest.mark.parametrize("sizes", [{"widths": ()}, {"widths": (4, 0)}, {"patch_size": 250}, {"patch_size": 0}])
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, int]) -> None:
    """Each convolution must halve to whole pixels."""
    with pytest.raises(ValueError, match="must be"):
        DiscriminatorSettings(**sizes)
