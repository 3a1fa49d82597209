"""The training run of the paper's generator, section 7.3: 10 epochs in batches of 32. It may be interrupted.

Step k takes its batch from the order of its epoch and everything else from a random generator seeded with
(seed, k), and the learning rate is a function of k. So the step in a checkpoint *is* the state of the
schedule and of all randomness, and a run that is continued gives the losses of one that was never stopped.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from stripsight_lab.gan import Gan, GanSettings
from stripsight_lab.gan_checkpoint import fingerprint, resume, save
from stripsight_lab.schedule import learning_rate


def batches(patches: NDArray[np.uint8], settings: GanSettings, start: int) -> Iterator[Tensor]:
    """Yield uint8 [batch, P, P] for step `start` and on; an epoch is whole batches in a new order."""
    per_epoch = len(patches) // settings.batch
    for epoch in range(start // per_epoch, settings.epochs):
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(patches))
        first = start % per_epoch if epoch == start // per_epoch else 0
        for i in range(first, per_epoch):
            chosen = np.sort(order[i * settings.batch : (i + 1) * settings.batch])  # sorted: it may be a file
            yield torch.from_numpy(np.ascontiguousarray(patches[chosen]))


def generator_of_step(seed: int, step: int) -> torch.Generator:
    """The CPU random generator of one step."""
    entropy = int(np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(entropy)


def _check(patches: NDArray[np.uint8], settings: GanSettings) -> None:
    size = settings.generator.patch_size
    if patches.dtype != np.uint8 or patches.shape[1:] != (size, size):
        raise ValueError(f"patches must be uint8 [M, {size}, {size}], got {patches.dtype} {patches.shape}")
    if len(patches) < settings.batch:
        raise ValueError(f"{len(patches)} patches do not fill a batch of {settings.batch}")


def _keep_lines(log: Path, steps: int) -> None:
    """Drop the lines of steps that the checkpoint has not seen, the last of them perhaps torn by a kill."""
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    part = log.with_suffix(".part")
    part.write_text("".join(lines[:steps]))
    part.replace(log)


def _train_step(gan: Gan, batch: Tensor, step: int, per_epoch: int) -> dict[str, float]:
    x = batch.float().div(255).unsqueeze(1)  # uint8 [B, P, P] -> [B, 1, P, P] in [0, 1]
    rate = learning_rate(gan.settings.schedule, step, per_epoch)
    terms = gan.step(x, generator_of_step(gan.settings.seed, step), rate)
    if not all(math.isfinite(value) for value in terms.values()):
        raise FloatingPointError(f"step {step}: {terms}")
    return {"step": step, "rate": rate, **terms}


def train(
    patches: NDArray[np.uint8],
    out: Path,
    settings: GanSettings,
    *,
    device: str = "cpu",
    stop_after: int | None = None,
    save_every: int = 1000,
) -> Path:
    """Train on good `patches` uint8 [M, P, P], an array or a memory map, and return `out`/checkpoint.pt.

    Continues from that file if it is there, to the end or to step `stop_after`. Each step's losses go to
    `out`/losses.jsonl. Raises ValueError for patches or a checkpoint that do not fit `settings`,
    FloatingPointError where a loss is no longer finite; the last checkpoint stays.
    """
    _check(patches, settings)
    out.mkdir(parents=True, exist_ok=True)
    path, log = out / "checkpoint.pt", out / "losses.jsonl"
    gan, data = Gan(settings, device), fingerprint(patches)
    start = resume(path, gan, data) if path.exists() else 0
    _keep_lines(log, start)
    per_epoch = len(patches) // settings.batch
    whole = per_epoch * settings.epochs
    end = whole if stop_after is None else min(whole, stop_after)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, log.open("a") as lines:
        task = progress.add_task("gan", total=end, completed=start)
        for step, batch in zip(range(start, end), batches(patches, settings, start), strict=False):
            terms = _train_step(gan, batch.to(device), step, per_epoch)
            lines.write(json.dumps(terms) + "\n")
            shown = f"gan, contextual {terms['contextual']:.4f}"
            progress.update(task, completed=step + 1, description=shown)
            if (step + 1) % save_every == 0 or step + 1 == end:
                lines.flush()
                save(path, gan, step + 1, data)
    return path
