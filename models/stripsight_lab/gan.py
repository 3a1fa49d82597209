"""Adversarial training of the paper's generator, sections 6.2 and 7.3: one step of it.

A step draws X^ = G(Xn) from the perturbed patch, trains the generator on eq. 5 and 6, then the discriminator
on the same X and X^. Both use Adam; the paper gives the rate and no betas: they are its framework's defaults.

What differs, and why: z in eq. 4 is inferred from Xn and not from X, since Xn is what the generator is shown
and X would need a second pass of the encoder. While the generator learns, the discriminator stands still.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from stripsight_lab import losses
from stripsight_lab.augment import AugmentSettings, augment
from stripsight_lab.losses import LossWeights, NoiseTarget
from stripsight_lab.network.discriminator import Discriminator, DiscriminatorSettings
from stripsight_lab.network.generator import Generator, GeneratorSettings
from stripsight_lab.perturb import PerturbSettings, perturb
from stripsight_lab.schedule import ScheduleSettings


@dataclass(frozen=True)
class GanSettings:
    """What one training is made of, saved in its checkpoint; the defaults are the paper's.

    Raises ValueError for settings that do not fit each other.
    """

    generator: GeneratorSettings = field(default_factory=GeneratorSettings)
    discriminator: DiscriminatorSettings = field(default_factory=DiscriminatorSettings)
    weights: LossWeights = field(default_factory=LossWeights)
    noise_target: NoiseTarget = "consistent"
    perturb: PerturbSettings = field(default_factory=PerturbSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    betas: tuple[float, float] = (0.9, 0.999)
    batch: int = 32
    epochs: int = 10
    seed: int = 1

    def __post_init__(self) -> None:
        """Check that the two networks see the same patches."""
        shown = (self.discriminator.patch_size, self.discriminator.in_channels)
        if shown != (self.generator.patch_size, self.generator.out_channels):
            raise ValueError(f"generator and discriminator differ in patch_size or channels: {self}")
        if self.batch < 2 or self.epochs < 1:
            raise ValueError(f"batch must be at least 2 for its norms, epochs at least 1: {self}")


class Gan:
    """Both networks and their optimisers; the same seed gives the same first weights."""

    def __init__(self, settings: GanSettings, device: str = "cpu") -> None:
        """Draw the first weights without touching the global random state."""
        self.settings = settings
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.generator = Generator(settings.generator).to(device)
            self.discriminator = Discriminator(settings.discriminator).to(device)
        rate, betas = settings.schedule.peak, settings.betas
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), lr=rate, betas=betas)
        self.discriminator_adam = torch.optim.Adam(self.discriminator.parameters(), lr=rate, betas=betas)

    def step(self, x: Tensor, rng: torch.Generator, rate: float) -> dict[str, float]:
        """Train once on `x` float32 [N, 1, P, P] in [0, 1] at learning rate `rate`; return losses by name.

        The losses come before their weights of eq. 5; `noise` holds its w_4, `generator` is their sum.
        """
        for adam in (self.generator_adam, self.discriminator_adam):
            for group in adam.param_groups:
                group["lr"] = rate
        x = augment(x, self.settings.augment, rng)
        xn, _, n = perturb(x, self.settings.perturb, rng)
        x_hat, terms = self._train_generator(x, xn, n)
        terms["discriminator"] = self._train_discriminator(x, x_hat)
        return {name: float(value) for name, value in terms.items()}

    def _train_generator(self, x: Tensor, xn: Tensor, n: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        weights = self.settings.weights
        self.discriminator.requires_grad_(False)
        z, x_hat, z_hat = self.generator(xn)
        terms: dict[str, Tensor] = {
            "adversarial": losses.adversarial_loss(self.discriminator.features(x), self.discriminator.features(x_hat)),
            "contextual": losses.contextual_loss(x, x_hat, weights),
            "encoder": losses.encoder_loss(z, z_hat),
            "noise": losses.noise_loss(x, xn, x_hat, n, weights, target=self.settings.noise_target),
        }
        loss = losses.generator_loss(**terms, weights=weights)
        self.generator_adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.generator_adam.step()
        self.discriminator.requires_grad_(True)
        return x_hat.detach(), {name: value.detach() for name, value in terms.items()} | {"generator": loss.detach()}

    def _train_discriminator(self, x: Tensor, x_hat: Tensor) -> Tensor:
        loss = losses.discriminator_loss(self.discriminator(x), self.discriminator(x_hat))
        self.discriminator_adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.discriminator_adam.step()
        return loss.detach()
