"""Training of the network that ships: fit the linear part, then train all behind it on crops where it errs.

Sample efficiency is the problem on two CPU cores: most of a patch is redrawn well by the linear part, so the rest
is trained only on `crops` drawn where the linear residual is large. The input is corrupted, the target of the
refiner is the clean crop, that of the segmenter the place of the corruption; the linear part sees the corrupted patch
whole, as it will in service. Step k draws from a generator seeded with (seed, k), so a run that is killed goes on with
the same losses.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

from stripsight.memory import keep_freed_memory
from stripsight_lab.network.inspection import InspectionNetwork, NetworkSettings
from stripsight_lab.network.linear import SAMPLES, LinearAutoencoder, fit
from stripsight_lab.network.trunk import TrunkSettings
from stripsight_lab.patches import Patches, fingerprint
from stripsight_lab.training.crops import Crops, make_batch
from stripsight_lab.training.loss import refiner_loss, segmenter_loss
from stripsight_lab.training.settings import TrainSettings, learning_rate


def fit_linear(patches: Patches, components: int, seed: int) -> LinearAutoencoder:
    """Fit the linear part on SAMPLES patches of each region."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(patches.count, min(SAMPLES, patches.count), replace=False))
    parts = [fit(patches.read(region, chosen), components) for region in range(patches.regions)]
    mean, basis = (torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True))
    return LinearAutoencoder(mean, basis)


class _Batches(Dataset[Crops]):
    """The batch of each step from `start` on, made by a worker while the last step is under way."""

    def __init__(self, patches: Patches, linear: LinearAutoencoder, settings: TrainSettings, start: int) -> None:
        self.patches, self.linear, self.settings, self.start = patches, linear, settings, start

    def __len__(self) -> int:
        return self.settings.steps - self.start

    def __getitem__(self, index: int) -> Crops:
        with torch.no_grad():
            return make_batch(self.patches, self.linear, self.settings, self.start + index)


class Trainer:
    """The state of one training: what a checkpoint holds and how a step changes it."""

    def __init__(self, linear: LinearAutoencoder, settings: TrainSettings, data: str) -> None:
        """Start from untrained networks; `data` is the fingerprint of the patches."""
        torch.manual_seed(settings.seed)
        self.settings, self.data = settings, data
        self.network = InspectionNetwork(linear, settings.network)
        self.trained = _trained(self.network)
        nn.utils.convert_conv2d_weight_memory_format(self.trained, torch.channels_last)  # a fifth faster on a CPU
        new = 1 - settings.average
        self.average = AveragedModel(self.trained, avg_fn=lambda old, now, _: old.lerp(now, new))
        self.optimiser = torch.optim.Adam(self.trained.parameters(), lr=settings.learning_rate)
        self.step = 0

    @classmethod
    def resume(cls, path: Path, settings: TrainSettings, data: str) -> "Trainer":
        """Continue from the checkpoint at `path`, also with further periods than it was begun with.

        Raises ValueError when its other settings, its periods so far or its patches are others.
        """
        state = torch.load(path, weights_only=True)
        begun = len(state["settings"]["periods"])  # periods that follow change no step before them
        shortened = asdict(replace(settings, periods=settings.periods[:begun]))
        for name, expected in (("settings", shortened), ("patches", data)):
            if state[name] != expected:
                raise ValueError(f"{path}: expected {name} {expected}, found {state[name]}: use another folder")
        trainer = cls(LinearAutoencoder(state["mean"], state["basis"]), settings, data)
        for name in ("trained", "average", "optimiser"):
            getattr(trainer, name).load_state_dict(state[name])
        trainer.step = state["step"]
        return trainer

    def save(self, path: Path) -> None:
        """Write a checkpoint; a kill while writing leaves the last one."""
        state: dict[str, Any] = {
            "settings": asdict(self.settings),
            "patches": self.data,
            "step": self.step,
            "mean": self.network.generator.linear.mean,
            "basis": self.network.generator.linear.basis,
            "trained": self.trained.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def advance(self, crops: Crops) -> dict[str, float]:
        """Make one step and return its losses."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.settings, self.step)
        self.optimiser.zero_grad(set_to_none=True)
        losses = self._losses(crops)
        torch.autograd.backward(losses["refiner"] + self.settings.segmenter_weight * losses["segmenter"])
        torch.nn.utils.clip_grad_norm_(self.trained.parameters(), 1.0)
        self.optimiser.step()
        self.average.update_parameters(self.trained)
        self.step += 1
        return {name: loss.item() for name, loss in losses.items()}

    def _losses(self, crops: Crops) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.precision == "bfloat16"):
            redrawn, odds = (found.float() for found in self.network.judged(crops.shown, crops.linear))
        changed = (crops.shown != crops.clean).float()
        return {
            "refiner": refiner_loss(redrawn, crops.clean, crops.inside, self.settings.l1_weight),
            "segmenter": segmenter_loss(odds, changed, crops.damaged, crops.inside),
        }


def train(
    patches: Patches, out: Path, settings: TrainSettings, after_step: Callable[[int], None] | None = None
) -> Path:
    """Train on `patches` and return `out`/checkpoint.pt; continue it if it is there.

    `after_step` is called with the number of steps made.
    """
    keep_freed_memory()
    out.mkdir(parents=True, exist_ok=True)
    path = out / "checkpoint.pt"
    trainer = _trainer(patches, path, settings)
    batches = DataLoader(
        _Batches(patches, trainer.network.generator.linear, settings, trainer.step),
        batch_size=None,
        num_workers=1,
        prefetch_factor=4,
    )
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, (out / "losses.jsonl").open("a") as log:
        task = progress.add_task("train", total=settings.steps, completed=trainer.step)
        for crops in batches:
            losses = trainer.advance(crops)
            if trainer.step % settings.log_every == 0:
                print(json.dumps({"step": trainer.step, **losses}), file=log, flush=True)
            if trainer.step % settings.save_every == 0 or trainer.step == settings.steps:
                trainer.save(path)
            shown = ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
            progress.update(task, completed=trainer.step, description=shown)
            if after_step:
                after_step(trainer.step)
    return path


def _trainer(patches: Patches, path: Path, settings: TrainSettings) -> Trainer:
    data = fingerprint(patches)
    if path.exists():
        return Trainer.resume(path, settings, data)
    return Trainer(fit_linear(patches, settings.components, settings.seed), settings, data)


def load_network(checkpoint: Path) -> InspectionNetwork:
    """Read the network of a checkpoint written by `train`, with averaged weights."""
    state = torch.load(checkpoint, weights_only=True)
    sizes = state["settings"]["network"]
    settings = NetworkSettings(**{**sizes, "trunk": TrunkSettings(**sizes["trunk"])})
    network = InspectionNetwork(LinearAutoencoder(state["mean"], state["basis"]), settings)
    weights = {name.removeprefix("module."): value for name, value in state["average"].items() if name != "n_averaged"}
    _trained(network).load_state_dict(weights)
    return network.eval()


def _trained(network: InspectionNetwork) -> nn.ModuleDict:
    """What gradients change: all but the linear part."""
    generator = network.generator
    return nn.ModuleDict({"trunk": generator.trunk, "refiner": generator.refiner, "segmenter": network.segmenter})
