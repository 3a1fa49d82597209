"""The adversarial step."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from stripsight_lab.gan.ranks import Ranks, device_of
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.step import Batch, Gan
from stripsight_lab.losses import LossWeights
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import GeneratorSettings
from stripsight_lab.perturb import PerturbSettings, perturb

SMALL = GanSettings(
    generator=GeneratorSettings(widths=(4,), latent=8, patch_size=16),
    discriminator=DiscriminatorSettings(widths=(4, 8), patch_size=16),
    batch=8,
)


def discs(seed: int) -> Batch:
    """Eight perturbed patches of a toy product, a dark disc about the middle of a bright ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:16, 0:16]
    centres, radii = rng.uniform(6.5, 8.5, (8, 2)), rng.uniform(3, 5, 8)
    distances = [np.hypot(y - cy, x - cx) - r for (cy, cx), r in zip(centres, radii, strict=True)]
    clean = torch.from_numpy(np.clip(0.5 + np.stack(distances) / 2, 0.1, 0.9).astype(np.float32))[:, None]
    perturbed, _, n = perturb(clean, PerturbSettings(q=1), torch.Generator().manual_seed(seed))
    return Batch(clean, perturbed, n)


def step(settings: GanSettings, rate: float = 1e-3) -> tuple[Gan, dict[str, float]]:
    """One step from fresh weights on the same patches."""
    gan = Gan(settings)
    return gan, {name: float(value) for name, value in gan.step(discs(1), rate).items()}


def weights(module: torch.nn.Module) -> torch.Tensor:
    """All trainable numbers in one row."""
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_a_short_run_learns_to_redraw() -> None:
    """30 steps on a toy product with everything on: the contextual loss falls below 0.6 of its start."""
    gan = Gan(SMALL)
    history = [float(gan.step(discs(k), 4e-3)["contextual"]) for k in range(30)]
    assert np.mean(history[-5:]) < 0.6 * np.mean(history[:5])


def test_the_generators_loss_is_the_weighted_sum() -> None:
    """Eq. 5 and 6 of the reported terms, with weights that are all different."""
    _, terms = step(replace(SMALL, weights=LossWeights(w1=2, w2=3, w3=5, w4=7)))
    expected = 2 * terms["adversarial"] + 3 * terms["contextual"] + 5 * terms["encoder"] + terms["noise"]
    assert terms["generator"] == pytest.approx(expected, rel=1e-5)
    assert min(terms.values()) > 0


def test_the_generators_turn_leaves_the_discriminator_alone() -> None:
    """However heavy the adversarial loss is, the discriminator learns the same in that step."""
    light, _ = step(replace(SMALL, weights=LossWeights(w1=0)))
    heavy, _ = step(replace(SMALL, weights=LossWeights(w1=900)))
    assert not torch.equal(weights(light.generator), weights(heavy.generator))
    assert torch.equal(weights(light.discriminator), weights(heavy.discriminator))


def test_both_networks_learn_at_the_given_rate() -> None:
    """Adam's first step moves a weight by at most the rate, and both networks by nearly that."""
    gan, _ = step(SMALL, rate=1e-3)
    fresh = Gan(SMALL)
    for after, before in ((gan.generator, fresh.generator), (gan.discriminator, fresh.discriminator)):
        moved = (weights(after) - weights(before)).abs().max().item()
        assert moved == pytest.approx(1e-3, rel=0.01)


def test_the_reading_of_eq_6_is_a_setting() -> None:
    """From the same draw, only the noise loss differs where noise was clipped."""
    (_, ours), (_, theirs) = step(SMALL), step(replace(SMALL, noise_target="literal"))
    assert ours["noise"] != theirs["noise"]
    assert [ours[name] for name in ("adversarial", "contextual", "encoder")] == [
        theirs[name] for name in ("adversarial", "contextual", "encoder")
    ]


def test_the_seed_decides_the_first_weights_and_nothing_else_changes() -> None:
    """The same seed gives the same weights, and the caller's random numbers go on undisturbed."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again = Gan(SMALL), Gan(SMALL)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(weights(first.generator), weights(again.generator))
    assert not torch.equal(weights(first.generator), weights(Gan(replace(SMALL, seed=2)).generator))


def test_the_networks_lie_channels_last() -> None:
    """Before and after a step: convolutions on a GPU then need no reordering."""
    gan, _ = step(SMALL)
    several = [p for p in gan.generator.parameters() if p.dim() == 4 and p.shape[1] > 1 and p.shape[2] > 1]
    assert len(several) > 10
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in several)


def test_a_gpu_that_is_not_there_is_not_replaced_by_the_cpu() -> None:
    """A process that asks for the GPU beyond the last is refused."""
    with pytest.raises(ValueError, match="no GPU for process"):
        device_of("cuda", local_rank=torch.cuda.device_count())
    assert device_of("cpu") == Ranks().device
