"""The adversarial step."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from stripsight_lab.gan import Gan, GanSettings
from stripsight_lab.losses import LossWeights
from stripsight_lab.network.discriminator import DiscriminatorSettings
from stripsight_lab.network.generator import GeneratorSettings

GENERATOR = GeneratorSettings(widths=(4, 8), latent=8, patch_size=32)
DISCRIMINATOR = DiscriminatorSettings(widths=(4, 8), patch_size=32)
TINY = GanSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, batch=8)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small only lose time to more threads, and very much of it on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def discs(count: int, seed: int) -> torch.Tensor:
    """Float32 [count, 1, 32, 32]: a dark disc about the middle of a bright patch, a toy product."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:32, 0:32]
    centres, radii = rng.uniform(14, 18, (count, 2)), rng.uniform(6, 9, count)
    distances = [np.hypot(y - cy, x - cx) - r for (cy, cx), r in zip(centres, radii, strict=True)]
    return torch.from_numpy(np.clip(0.5 + np.stack(distances) / 4, 0.1, 0.9).astype(np.float32))[:, None]


def step(settings: GanSettings, rate: float = 1e-3) -> tuple[Gan, dict[str, float]]:
    """One step from fresh weights on the same patches with the same randomness."""
    gan = Gan(settings)
    return gan, gan.step(discs(8, seed=1), torch.Generator().manual_seed(1), rate)


def weights(module: torch.nn.Module) -> torch.Tensor:
    """All trainable numbers in one row."""
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach()


def test_a_short_run_learns_to_redraw() -> None:
    """30 steps on a toy product with everything on: the contextual loss falls below 0.6 of its start."""
    gan = Gan(TINY)
    history = []
    for k in range(30):
        batch = discs(8, seed=k)
        history.append(gan.step(batch, torch.Generator().manual_seed(k), 4e-3)["contextual"])
    assert np.mean(history[-5:]) < 0.6 * np.mean(history[:5])


def test_the_generators_loss_is_the_weighted_sum() -> None:
    """Eq. 5 and 6 of the reported terms, with weights that are all different."""
    w = LossWeights(w1=2, w2=3, w3=5, w4=7)
    _, terms = step(GanSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, weights=w))
    expected = 2 * terms["adversarial"] + 3 * terms["contextual"] + 5 * terms["encoder"] + terms["noise"]
    assert terms["generator"] == pytest.approx(expected, rel=1e-5)
    assert min(terms.values()) > 0


def test_the_generators_turn_leaves_the_discriminator_alone() -> None:
    """However heavy the adversarial loss is, the discriminator learns the same in that step."""
    light, _ = step(GanSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, weights=LossWeights(w1=0)))
    heavy, _ = step(GanSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, weights=LossWeights(w1=900)))
    assert not torch.equal(weights(light.generator), weights(heavy.generator))
    assert torch.equal(weights(light.discriminator), weights(heavy.discriminator))


def test_both_networks_learn_at_the_given_rate() -> None:
    """Adam's first step moves a weight by at most the rate, and both networks by nearly that."""
    gan, _ = step(TINY, rate=1e-3)
    fresh = Gan(TINY)
    for after, before in ((gan.generator, fresh.generator), (gan.discriminator, fresh.discriminator)):
        moved = (weights(after) - weights(before)).abs().max().item()
        assert moved == pytest.approx(1e-3, rel=0.01)


def test_the_reading_of_eq_6_is_a_setting() -> None:
    """From the same draw, only the noise loss differs where noise was clipped."""
    literal = GanSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, noise_target="literal")
    (_, ours), (_, theirs) = step(TINY), step(literal)
    assert ours["noise"] != theirs["noise"]
    assert [ours[name] for name in ("adversarial", "contextual", "encoder")] == [
        theirs[name] for name in ("adversarial", "contextual", "encoder")
    ]


def test_the_seed_decides_the_first_weights_and_nothing_else_changes() -> None:
    """The same seed gives the same weights, and the caller's random numbers go on undisturbed."""
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again = Gan(TINY), Gan(TINY)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(weights(first.generator), weights(again.generator))
    other = Gan(GanSettings(generator=GENERATOR, discriminator=DISCRIMINATOR, seed=2))
    assert not torch.equal(weights(first.generator), weights(other.generator))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"discriminator": DiscriminatorSettings()}, "differ"),
        ({"discriminator": DISCRIMINATOR, "batch": 1}, "at least"),
        ({"discriminator": DISCRIMINATOR, "epochs": 0}, "at least"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(wrong: dict[str, int], message: str) -> None:
    """Both networks see the same patches."""
    with pytest.raises(ValueError, match=message):
        GanSettings(generator=GENERATOR, **wrong)


def test_the_defaults_are_the_papers() -> None:
    """Batch 32, 10 epochs, Adam from 1.5e-4, q 0.75, latent 64."""
    s = GanSettings()
    assert (s.batch, s.epochs, s.schedule.peak, s.perturb.q, s.generator.latent) == (32, 10, 1.5e-4, 0.75, 64)
