"""The paper's generator and the compact one, counted on torch's meta device, which holds no numbers."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from stripsight_lab.network.blocks import BlockSettings
from stripsight_lab.network.generator import COMPACT, PAPER, Autoencoder, Generator, GeneratorSettings

SMALL = GeneratorSettings(widths=(2, 3, 4, 5), latent=6, patch_size=32)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose time to more threads, and very much of it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def on_meta(settings: GeneratorSettings) -> Autoencoder:
    """The network without its numbers."""
    with torch.device("meta"):
        return Autoencoder(settings).eval()


def patch_of(settings: GeneratorSettings) -> torch.Tensor:
    """One patch without its numbers."""
    return torch.empty(1, settings.in_channels, settings.patch_size, settings.patch_size, device="meta")


def flops(module: nn.Module, x: torch.Tensor) -> int:
    """Counted floating-point operations, two a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        module(x)
    return int(counter.get_total_flops())


def parameters(module: nn.Module) -> int:
    """Counted trainable numbers."""
    return sum(p.numel() for p in module.parameters())


def stage_weights(c: int, f: int, *, raw: bool) -> int:
    """One stage: A is c-f-f-f and 1 x 1, B is 2f-f-f-f, C is 3f-f-f-f; a norm has two numbers a channel."""
    convolutions = 9 * (c * f + 2 * f * f) + c * f + 9 * 4 * f * f + 9 * 5 * f * f
    norms = 2 * ((0 if raw else c) + 2 * f + 4 * f + 5 * f)
    return convolutions + norms


def stage_macs(c: int, f: int, side: int, *, up: bool) -> int:
    """Multiply-adds of one stage; after C's middle convolution the area is a quarter, or four times.

    A strided convolution works for each output, a strided transposed one for each input.
    """
    area = side * side
    same = 9 * (c * f + 2 * f * f) + c * f + 9 * 4 * f * f + 9 * 3 * f * f
    middle, last = (9 * f * f * area, 9 * f * f * area * 4) if up else (9 * f * f * area // 4,) * 2
    return same * area + middle + last


def expected(s: GeneratorSettings) -> tuple[int, int, int, int]:
    """Parameters and FLOPs in closed form: encoder's, decoder's, encoder's, decoder's. For `concat`."""
    side, c = s.patch_size // s.stem, s.in_channels * s.stem**2
    weights = macs = 0
    for i, f in enumerate(s.widths):
        weights += stage_weights(c, f, raw=i == 0)
        macs += stage_macs(c, f, side, up=False)
        side, c = side // 2, 4 * f
    dense = c * side**2 * s.latent
    encoder, encoder_macs = weights + 2 * c + dense + s.latent, macs + dense
    weights, macs = dense + c * side**2, dense
    for f in reversed(s.widths):
        weights += stage_weights(c, f, raw=False)
        macs += stage_macs(c, f, side, up=True)
        side, c = side * 2, 4 * f
    drawn = s.out_channels * s.stem**2
    draw = 9 * c * drawn
    return encoder, weights + 2 * c + draw + drawn, 2 * encoder_macs, 2 * (macs + draw * side**2)


@pytest.mark.parametrize("settings", [PAPER, COMPACT, SMALL], ids=["paper", "compact", "small"])
def test_parameters_and_flops_are_those_of_the_closed_form(settings: GeneratorSettings) -> None:
    """Each layer is there, as wide and at the size that the blocks' description gives."""
    network, z = on_meta(settings), torch.empty(1, settings.latent, device="meta")
    counted = (
        parameters(network.encoder),
        parameters(network.decoder),
        flops(network.encoder, patch_of(settings)),
        flops(network.decoder, z),
    )
    assert counted == expected(settings)


def test_the_papers_network_has_the_papers_shapes() -> None:
    """256 x 256 x 1 to 16 x 16 x 1024 to 64 features and back."""
    network, x = on_meta(PAPER), patch_of(PAPER)
    sides = []
    maps = network.encoder.fold(x)
    for stage in network.encoder.stages:
        maps = stage(maps)
        sides.append(tuple(maps.shape[1:]))
    assert sides == [(128, 128, 128), (256, 64, 64), (512, 32, 32), (1024, 16, 16)]
    assert network.encoder(x).shape == (1, 64)
    assert network(x).shape == (1, 1, 256, 256)


def test_the_papers_network_costs_80_gflop_a_patch() -> None:
    """54.0 in the encoder, 26.5 in the decoder, as its stages double last; 57.1 M parameters."""
    network = on_meta(PAPER)
    assert parameters(network) == 57_144_961
    assert flops(network, patch_of(PAPER)) == 80_522_248_192
    assert flops(network.encoder, patch_of(PAPER)) == 54_031_024_128


def test_the_compact_network_costs_a_tenth_of_a_gflop() -> None:
    """What fits two CPU cores: 60 patches are 6.2 GFLOP, against 4,831 of the paper's network."""
    network = on_meta(COMPACT)
    assert parameters(network) == 618_304
    assert flops(network, patch_of(COMPACT)) == 102_965_248
    assert network.encoder.features(patch_of(COMPACT)).shape == (1, 128, 2, 2)


def test_addition_reaches_1024_with_wider_convolutions_at_ten_times_the_cost() -> None:
    """The other reading of the blocks: 1024 channels too, but 785 GFLOP a patch."""
    settings = GeneratorSettings(widths=(128, 256, 512, 1024), blocks=BlockSettings(join="add"))
    network = on_meta(settings)
    assert network.encoder.features(patch_of(settings)).shape == (1, 1024, 16, 16)
    assert network(patch_of(settings)).shape == (1, 1, 256, 256)
    assert round(flops(network, patch_of(settings)) / 1e9) == 785


@pytest.mark.parametrize("stem", [1, 2])
@pytest.mark.parametrize("join", ["concat", "add"])
def test_encoder_decoder_encoder(stem: int, join: str) -> None:
    """Training gives z, a picture in [0, 1] and z^, and every weight is reached by a gradient."""
    torch.manual_seed(0)
    blocks = BlockSettings(join="add") if join == "add" else BlockSettings()
    generator = Generator(GeneratorSettings(widths=(4, 4, 4, 4), latent=6, patch_size=32, stem=stem, blocks=blocks))
    x = torch.rand(3, 1, 32, 32)
    z, x_hat, z_hat = generator(x)
    assert (z.shape, x_hat.shape, z_hat.shape) == ((3, 6), (3, 1, 32, 32), (3, 6))
    assert x_hat.min() >= 0
    assert x_hat.max() <= 1
    torch.autograd.backward(z.sum() + x_hat.square().sum() + z_hat.square().sum())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in generator.parameters())


def test_the_second_encoder_has_its_own_weights() -> None:
    """G_E^ is built like G_E and shares nothing with it: the two read the same patch differently."""
    generator = Generator(SMALL).eval()
    x = torch.rand(1, 1, 32, 32)
    assert parameters(generator.second_encoder) == parameters(generator.autoencoder.encoder)
    assert not torch.allclose(generator.second_encoder(x), generator.autoencoder.encoder(x))


def test_a_patch_is_redrawn_alone() -> None:
    """In service no patch changes the redrawing of another one in its batch."""
    torch.manual_seed(0)
    network, x = Autoencoder(SMALL).eval(), torch.rand(4, 1, 32, 32)
    assert torch.allclose(network(x)[2:3], network(x[2:3]), atol=1e-6)


@pytest.mark.parametrize("sizes", [{"patch_size": 250}, {"patch_size": 0}, {"stem": 32}, {"widths": ()}, {"latent": 0}])
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, int]) -> None:
    """Each stage must halve to whole pixels."""
    with pytest.raises(ValueError, match="must be"):
        GeneratorSettings(**sizes)
