"""The network that ships: generator and segmenter."""

import math

import numpy as np
import pytest
import torch

from stripsight.engine import Engine
from stripsight_lab.graph.assemble import assemble
from stripsight_lab.graph.export import export_generator, parity
from stripsight_lab.network.inspection import InspectionNetwork, NetworkSettings
from stripsight_lab.network.linear import LinearAutoencoder
from stripsight_lab.network.segmenter import RARE
from stripsight_lab.network.trunk import TrunkSettings

SIZE = 32
SMALL = NetworkSettings(TrunkSettings(16, 16), bottleneck=4)


@pytest.fixture(scope="module")
def network() -> InspectionNetwork:
    """Two regions, random weights, a head that draws."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        basis = torch.linalg.qr(torch.randn(2, SIZE * SIZE, 4)).Q.transpose(1, 2).contiguous()
        linear = LinearAutoencoder(torch.full((2, SIZE * SIZE), 0.6), basis)
        network = InspectionNetwork(linear, SMALL)
        torch.nn.init.normal_(network.generator.refiner.head.weight, std=0.05)
    return network.eval()


def batch(count: int) -> np.ndarray:
    """Noise, uint8 [count, SIZE, SIZE]."""
    return np.random.default_rng(count).integers(0, 256, (count, SIZE, SIZE), dtype=np.uint8)


def test_shapes_and_ranges(network: InspectionNetwork) -> None:
    """A redrawing of the same shape and a map of a quarter of the side, above 0."""
    with torch.no_grad():
        redrawn, maps = network(torch.from_numpy(batch(4)[:, None] / 255.0).float())
    assert redrawn.shape == (4, 1, SIZE, SIZE)
    assert maps.shape == (4, SIZE // 4, SIZE // 4)
    assert maps.min() > 0


def test_the_map_is_the_surprise_of_a_defect(network: InspectionNetwork) -> None:
    """-log(1 - p): with all weights of the last layer at 0, p is the sigmoid of the bias everywhere."""
    silent = InspectionNetwork(network.generator.linear, SMALL)
    torch.nn.init.zeros_(silent.segmenter.head.weight)
    with torch.no_grad():
        _, maps = silent(torch.zeros(2, 1, SIZE, SIZE))
    p = 1 / (1 + math.exp(-RARE))
    assert maps.numpy() == pytest.approx(-math.log(1 - p), rel=1e-5)


def test_the_graph_scores_as_the_network_does(network: InspectionNetwork) -> None:
    """Scores are the largest values of the maps that come with them, and both are those of torch in float64."""
    model = assemble(export_generator(network, patch_size=SIZE, patches_per_frame=4), patch_size=SIZE)
    agreement = parity(network, model, batch(8))
    assert agreement.score_max_difference < 1e-4
    assert agreement.reconstruction_max_difference <= 1
    found = Engine(model.SerializeToString(), patch_size=SIZE).infer(batch(8))
    assert found.anomaly_maps is not None
    assert found.anomaly_maps.shape == (8, SIZE // 4, SIZE // 4)
    assert np.array_equal(found.scores, found.anomaly_maps.max(axis=(1, 2)))
    assert np.ptp(found.scores) > 0


def test_a_patchs_score_does_not_depend_on_the_others(network: InspectionNetwork) -> None:
    """A frame alone scores as it does beside another one."""
    model = assemble(export_generator(network, patch_size=SIZE, patches_per_frame=4), patch_size=SIZE)
    engine = Engine(model.SerializeToString(), patch_size=SIZE)
    both = engine.infer(batch(8)).scores
    assert engine.infer(batch(8)[4:]).scores == pytest.approx(both[4:], rel=1e-5)


def linear(size: int) -> LinearAutoencoder:
    """Two regions, random weights."""
    return LinearAutoencoder(torch.rand(2, size * size), torch.rand(2, 3, size * size))


def test_untrained_it_redraws_as_the_linear_autoencoder() -> None:
    """The refiner's head starts at zero, so training can only depart from the baseline on purpose."""
    network, x = InspectionNetwork(linear(SIZE), SMALL), torch.rand(4, 1, SIZE, SIZE)
    assert torch.equal(network.generator(x), network.generator.linear(x))


def test_the_gradient_reaches_every_weight_it_should(network: InspectionNetwork) -> None:
    """The redrawing's loss reaches trunk and refiner, the map's reaches trunk and segmenter and not the refiner."""
    x, generator = torch.rand(4, 1, SIZE, SIZE), network.generator
    parts = {"trunk": generator.trunk, "refiner": generator.refiner, "segmenter": network.segmenter}
    for loss, expected in ((0, {"trunk", "refiner"}), (1, {"trunk", "segmenter"})):
        network.zero_grad(set_to_none=True)
        network.judged(x, generator.linear(x))[loss].square().mean().backward()
        for name, part in parts.items():
            reached = [p.grad is not None and bool(p.grad.abs().sum() > 0) for p in part.parameters()]
            assert all(reached) if name in expected else not any(reached), name
    network.zero_grad(set_to_none=True)
