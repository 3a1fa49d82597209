"""The training run of the paper's generator, section 7.3: 10 epochs in batches of 32. It may be interrupted.

The batch of step k, its random draws and its learning rate follow from k. So the step in a checkpoint *is* the state
of the schedule and of all randomness, and a run that is continued gives the losses of one that was never stopped.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stripsight.memory import keep_freed_memory
from stripsight_lab.gan.batches import Tasks, batches
from stripsight_lab.gan.checkpoint import resume, save
from stripsight_lab.gan.log import Lines, LossLog
from stripsight_lab.gan.ranks import Device, Ranks, ranks
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.step import Gan
from stripsight_lab.gan.validate import validate
from stripsight_lab.patches import Patches, fingerprint
from stripsight_lab.schedule import learning_rate

MOST_WORKERS = 8
COLUMNS = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())


def train(
    training: Patches,
    validation: Patches | None,
    out: Path,
    settings: GanSettings,
    *,
    device: Device = "auto",
    workers: int | None = None,
    save_every: int = 1000,
    after_step: Callable[[int], None] | None = None,
) -> Path:
    """Train on good patches of all regions and return `out`/checkpoint.pt; continue it if it is there.

    The losses of each step go to `out`/losses.jsonl, those on `validation`, which may be empty, to
    `out`/validation.jsonl. `workers` make batches ahead; by default none for a CPU, which has no core to spare, and
    up to 8 for a GPU. `after_step` is called with the number of steps made. Under torchrun every rank calls this, the
    first one writes, and all return when the last checkpoint is there.

    Raises ValueError for patches, ranks or a checkpoint that do not fit `settings`, FloatingPointError where a loss
    or weight is no longer finite; the last checkpoint stays.
    """
    keep_freed_memory()
    with ranks(device) as here, _convolutions(here):
        here.part(settings.batch)  # ahead of the first step
        for patches in (training, validation):
            _check(patches, settings)
        out.mkdir(parents=True, exist_ok=True)
        run = _Run(training, validation, out, settings, here)
        run.to_the_end(_workers(here) if workers is None else workers, save_every, after_step)
    return run.path


class _Run:
    """One training on one rank."""

    def __init__(
        self, training: Patches, validation: Patches | None, out: Path, settings: GanSettings, here: Ranks
    ) -> None:
        """Begin, or load the checkpoint that is there."""
        self.training, self.validation, self.out, self.here = training, validation, out, here
        self.path = out / "checkpoint.pt"
        self.gan, self.data = Gan(settings, here), fingerprint(training)
        self.start = resume(self.path, self.gan, self.data) if self.path.exists() else 0
        self.total = training.regions * training.count
        self.per_epoch, self.end = settings.epoch_steps(self.total), settings.all_steps(self.total)
        self.validate_every = settings.validate_every or self.per_epoch

    def to_the_end(self, workers: int, save_every: int, after_step: Callable[[int], None] | None) -> None:
        """Make every step that is left."""
        settings, here = self.gan.settings, self.here
        ahead = batches(self.training, Tasks(self.total, settings, here, self.start, self.end), workers)
        losses = Lines(self.out / "losses.jsonl", self.start, here)
        validations = Lines(self.out / "validation.jsonl", self.start // self.validate_every, here)
        bar = Progress(*COLUMNS, speed_estimate_period=600, disable=not here.is_first)  # a step may take a minute
        with losses, validations, bar as progress:
            log = LossLog(losses, here)
            task = progress.add_task("gan", total=self.end, completed=self.start)
            for step, batch in enumerate(ahead, self.start):
                rate = learning_rate(settings.schedule, step, self.per_epoch)
                log.add(step, rate, self.gan.step(batch.to(here.device), rate))
                self._keep(step + 1, log, validations, save_every)
                progress.update(task, completed=step + 1, description=_shown(log.last))
                if after_step:
                    after_step(step + 1)
        here.wait()  # for the last checkpoint, which only the first writes

    def _keep(self, made: int, log: LossLog, validations: Lines, save_every: int) -> None:
        if self.validation and self.validation.count and made % self.validate_every == 0:
            validations.write({"step": made, **validate(self.gan, self.validation)})
        if made % save_every == 0 or made == self.end:
            log.flush()
            if self.here.is_first:
                save(self.path, self.gan, made, self.data)


def _shown(last: dict[str, float]) -> str:
    return "gan " + " ".join(f"{name} {last[name]:.3f}" for name in ("contextual", "discriminator") if name in last)


def _convolutions(here: Ranks) -> AbstractContextManager[None]:
    """Let cuDNN look for the fastest way once, as shapes stay, and keep float32, also that of SSIM, from being TF32."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=here.device.type == "cuda", allow_tf32=False)


def _workers(here: Ranks) -> int:
    if here.device.type == "cpu":
        return 0
    cores = len(os.sched_getaffinity(0)) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, min(MOST_WORKERS, cores - 1))


def _check(patches: Patches | None, settings: GanSettings) -> None:
    if patches and patches.size != settings.generator.patch_size:
        raise ValueError(f"patches must be {settings.generator.patch_size} px, got {patches.size}")
