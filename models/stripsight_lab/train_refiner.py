"""Training of the shipped generator: fit the linear part, then train the refiner on crops where it errs.

Sample efficiency is the problem on two CPU cores: most of a patch is redrawn well by the linear part, so the refiner
is trained only on `crops` drawn where the linear residual is large. The input is corrupted, the target is the clean
crop; the linear part sees the corrupted patch whole, as it will in service. Step k draws from a generator seeded with
(seed, k), so a run that is killed continues with the same losses.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from stripsight_lab.crops import GRID, make_batch
from stripsight_lab.losses import ssim_map
from stripsight_lab.network.linear import LinearAutoencoder, fit
from stripsight_lab.network.refiner import RefinedGenerator, Refiner, RefinerSettings
from stripsight_lab.train_settings import TrainSettings, learning_rate


def refiner_loss(redrawn: Tensor, target: Tensor, l1_weight: float) -> Tensor:
    """1 - SSIM plus weighted L1 over the crop without its outer GRID pixels, whose context is cut off."""
    inner = (..., slice(GRID, -GRID), slice(GRID, -GRID))
    a, b = redrawn[inner], target[inner]
    return 1 - ssim_map(a, b).mean() + l1_weight * (a - b).abs().mean()


def fit_linear(patches: NDArray[np.uint8], settings: TrainSettings) -> LinearAutoencoder:
    """Fit the linear part on `patches` uint8 [R, M, P, P]."""
    parts = [fit(region, settings.components, settings.seed) for region in patches]
    mean, basis = (torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True))
    return LinearAutoencoder(mean, basis)


class Trainer:
    """The state of one training: what a checkpoint holds and how a step changes it."""

    def __init__(self, linear: LinearAutoencoder, settings: TrainSettings) -> None:
        """Start from an untrained refiner."""
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.linear = linear
        self.refiner = Refiner(settings.refiner)
        # A fifth faster on a CPU. The argument is documented, but not in torch's own types.
        self.refiner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        new = 1 - settings.average
        self.average = AveragedModel(self.refiner, avg_fn=lambda old, now, _: old.lerp(now, new))
        self.optimiser = torch.optim.Adam(self.refiner.parameters(), lr=settings.learning_rate)
        self.step = 0

    @classmethod
    def resume(cls, path: Path, settings: TrainSettings) -> "Trainer":
        """Continue from the checkpoint at `path`; raises ValueError when its settings are others."""
        state = torch.load(path, weights_only=True)
        if state["settings"] != asdict(settings):
            raise ValueError(f"{path} holds {state['settings']}, asked for {asdict(settings)}: use another folder")
        trainer = cls(_linear_of(state["generator"]), settings)
        trainer.refiner.load_state_dict(state["refiner"])
        trainer.average.load_state_dict(state["average"])
        trainer.optimiser.load_state_dict(state["optimiser"])
        trainer.step = state["step"]
        return trainer

    def save(self, path: Path) -> None:
        """Write a checkpoint; a kill while writing leaves the last one."""
        averaged = Refiner(self.settings.refiner)
        averaged.load_state_dict(self.average.module.state_dict())
        generator = RefinedGenerator(self.linear, averaged)
        state = {
            "settings": asdict(self.settings),
            "step": self.step,
            "generator": generator.state_dict(),
            "refiner": self.refiner.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def advance(self, patches: NDArray[np.uint8]) -> float:
        """Make one step on `patches` uint8 [R, M, P, P] and return its loss."""
        with torch.no_grad():
            x, linear, target = make_batch(patches, self.linear, self.settings, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, self.step)
        self.optimiser.zero_grad(set_to_none=True)
        loss = refiner_loss(self.refiner(x, linear), target, self.settings.l1_weight)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.refiner.parameters(), 1.0)
        self.optimiser.step()
        self.average.update_parameters(self.refiner)
        self.step += 1
        return loss.item()


def train(data: Path, out: Path, settings: TrainSettings, after_step: Callable[[int], None] | None = None) -> Path:
    """Train on the patches of `data`/patches.npy and return `out`/checkpoint.pt; continue it if it is there.

    `after_step` is called with the number of steps made.
    """
    patches: NDArray[np.uint8] = np.load(data / "patches.npy", mmap_mode="r")
    out.mkdir(parents=True, exist_ok=True)
    path = out / "checkpoint.pt"
    trainer = Trainer.resume(path, settings) if path.exists() else Trainer(fit_linear(patches, settings), settings)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, (out / "losses.jsonl").open("a") as log:
        task = progress.add_task("refiner", total=settings.steps, completed=trainer.step)
        while trainer.step < settings.steps:
            loss = trainer.advance(patches)
            if trainer.step % settings.log_every == 0:
                print(json.dumps({"step": trainer.step, "loss": round(loss, 6)}), file=log, flush=True)
            if trainer.step % settings.save_every == 0 or trainer.step == settings.steps:
                trainer.save(path)
            progress.update(task, completed=trainer.step, description=f"refiner, loss {loss:.4f}")
            if after_step:
                after_step(trainer.step)
    return path


def _linear_of(weights: dict[str, Tensor]) -> LinearAutoencoder:
    return LinearAutoencoder(weights["linear.mean"].squeeze(1), weights["linear.basis"])


def load_generator(checkpoint: Path) -> RefinedGenerator:
    """Read the generator of a checkpoint written by `train`, with averaged weights."""
    state = torch.load(checkpoint, weights_only=True)
    refiner = Refiner(RefinerSettings(**state["settings"]["refiner"]))
    generator = RefinedGenerator(_linear_of(state["generator"]), refiner)
    generator.load_state_dict(state["generator"])
    return generator.eval()
