"""Adversarial training of the paper's generator, sections 6.2 and 7.3: one step of it.

A step draws X^ = G(Xn) from the perturbed patch, trains the generator on eq. 5 and 6, then the discriminator
on the same X and X^. Both use Adam; the paper gives the rate and no betas: they are its framework's defaults.

What differs, and why: z in eq. 4 is inferred from Xn and not from X, since Xn is what the generator is shown
and X would need a second pass of the encoder. While the generator learns, the discriminator stands still.

Over several ranks, gradients are the mean of those of each part of the batch. Norms see the whole batch on GPUs
(SyncBatchNorm), as batch 32 of the paper was on one; on CPUs, where torch has no such norm, each rank its part.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from stripsight_lab import losses
from stripsight_lab.gan.precision import autocast, dtype_of, scaler_of
from stripsight_lab.gan.ranks import Ranks
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.network.discriminator import Discriminator
from stripsight_lab.network.generator import Generator

_SYNCHRONISED: Any = nn.SyncBatchNorm.convert_sync_batchnorm  # torch has no types for it

LOSSES = ("adversarial", "contextual", "encoder", "noise", "generator", "discriminator")


class Batch(NamedTuple):
    """One rank's part of a batch, each float32 [N, 1, P, P]: X, Xn and N of eq. 1."""

    x: Tensor
    xn: Tensor
    n: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Copy to `device`, without waiting where the batch lies in pinned memory."""
        return Batch(*(part.to(device, non_blocking=True) for part in self))


class _Both(nn.Module):
    """The discriminator on originals and redrawings, in one call, so that its gradients are averaged once."""

    def __init__(self, discriminator: Discriminator) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, x: Tensor, x_hat: Tensor) -> tuple[Tensor, Tensor]:
        return self.discriminator(x), self.discriminator(x_hat)


class Gan:
    """Both networks and their optimisers; the same seed gives the same first weights."""

    def __init__(self, settings: GanSettings, here: Ranks = Ranks()) -> None:
        """Draw the first weights without touching the global random state."""
        self.settings, self.here = settings, here
        self.dtype = dtype_of(settings.precision, here.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.generator, self.discriminator = Generator(settings.generator), Discriminator(settings.discriminator)
        _place(self.generator, here)
        _place(self.discriminator, here)
        rate, betas = settings.schedule.peak, settings.betas
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), lr=rate, betas=betas)
        self.discriminator_adam = torch.optim.Adam(self.discriminator.parameters(), lr=rate, betas=betas)
        self.scaler = scaler_of(self.dtype, here.device)
        self._redraw = _averaged(self.generator, here)
        self._judge = _averaged(_Both(self.discriminator), here)

    def step(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        """Train once at learning rate `rate`; return this rank's losses by name, each a float32 scalar.

        They come before their weights of eq. 5; `noise` holds its w_4, `generator` is their sum.
        """
        for adam in (self.generator_adam, self.discriminator_adam):
            for group in adam.param_groups:
                group["lr"] = rate
        x_hat, terms = self._train_generator(batch)
        terms["discriminator"] = self._train_discriminator(batch.x, x_hat)
        self.scaler.update()
        return terms

    def _train_generator(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        x, xn, n = batch
        weights = self.settings.weights
        self.discriminator.requires_grad_(False)
        with autocast(self.dtype, self.here.device):
            z, x_hat, z_hat = self._redraw(xn)
            real, drawn = self.discriminator.features(x), self.discriminator.features(x_hat)
        x_hat = x_hat.float()
        terms: dict[str, Tensor] = {
            "adversarial": losses.adversarial_loss(real.float(), drawn.float()),
            "contextual": losses.contextual_loss(x, x_hat, weights),
            "encoder": losses.encoder_loss(z.float(), z_hat.float()),
            "noise": losses.noise_loss(x, xn, x_hat, n, weights, target=self.settings.noise_target),
        }
        loss = losses.generator_loss(**terms, weights=weights)
        self._learn(loss, self.generator_adam)
        self.discriminator.requires_grad_(True)
        return x_hat.detach(), {name: value.detach() for name, value in terms.items()} | {"generator": loss.detach()}

    def _train_discriminator(self, x: Tensor, x_hat: Tensor) -> Tensor:
        with autocast(self.dtype, self.here.device):
            logits_x, logits_x_hat = self._judge(x, x_hat)
        loss = losses.discriminator_loss(logits_x.float(), logits_x_hat.float())
        self._learn(loss, self.discriminator_adam)
        return loss.detach()

    def _learn(self, loss: Tensor, adam: torch.optim.Adam) -> None:
        adam.zero_grad(set_to_none=True)
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.step(adam)


def _place(network: nn.Module, here: Ranks) -> None:
    """Move to the device, channels last, which its convolutions read without reordering; join norms over GPUs."""
    nn.utils.convert_conv2d_weight_memory_format(network.to(here.device), torch.channels_last)
    if here.size > 1 and here.device.type == "cuda":
        _SYNCHRONISED(network)


def _averaged(network: nn.Module, here: Ranks) -> nn.Module:
    """Return the network as it is called in training: over several ranks, its gradients are their mean."""
    if here.size == 1:
        return network
    return DistributedDataParallel(network, forward_sync_buffers=False)
