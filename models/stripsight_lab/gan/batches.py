"""The batches of a training in order, made ahead by worker processes: read, augmented, perturbed.

An epoch shows each patch of the union once, in an order that follows from (seed, epoch); what does not fill a batch
is left out. Rank r takes the r-th part of each batch, and all else that is random in step k is drawn from a CPU
generator seeded with (seed, k, r). So step k is the same whoever makes it, on whatever device, after whatever pause.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from stripsight_lab.augment import augment
from stripsight_lab.gan.ranks import Ranks
from stripsight_lab.gan.settings import GanSettings
from stripsight_lab.gan.step import Batch
from stripsight_lab.patches import Patches, read_union
from stripsight_lab.perturb import perturb

PREFETCH = 4
"""Batches that each worker makes ahead."""

Task = tuple[int, NDArray[np.int64]]
"""A step, and the places in the union of one rank's part of its batch."""


def generator_of_step(seed: int, step: int, rank: int) -> torch.Generator:
    """The CPU random generator of one step on one rank."""
    entropy = int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(entropy)


@dataclass(frozen=True)
class Tasks:
    """What one rank has to read for steps `start` .. `end`; the order of an epoch takes 8 bytes a patch."""

    total: int
    settings: GanSettings
    here: Ranks
    start: int
    end: int

    def __len__(self) -> int:
        """Steps that are left."""
        return self.end - self.start

    def __iter__(self) -> Iterator[Task]:
        """Yield each step with its patches."""
        batch, per_epoch = self.settings.batch, self.settings.epoch_steps(self.total)
        part, epoch = self.here.part(batch), -1
        for step in range(self.start, self.end):
            if step // per_epoch != epoch:
                epoch = step // per_epoch
                order = np.random.default_rng([self.settings.seed, epoch]).permutation(self.total)
            first = step % per_epoch * batch + self.here.rank * part
            yield step, order[first : first + part]


@dataclass(frozen=True)
class Maker(Dataset[Batch]):
    """Makes the batch of a task; this is what runs in a worker."""

    patches: Patches
    settings: GanSettings
    rank: int

    def __getitem__(self, task: Task) -> Batch:
        """Read, augment and perturb."""
        step, chosen = task
        read = torch.from_numpy(read_union(self.patches, chosen))
        x = read.float().div(255).unsqueeze(1)  # uint8 [B, P, P] -> [B, 1, P, P] in [0, 1]
        rng = generator_of_step(self.settings.seed, step, self.rank)
        x = augment(x, self.settings.augment, rng)
        xn, _, n = perturb(x, self.settings.perturb, rng)
        return Batch(x, xn, n)


def batches(patches: Patches, tasks: Tasks, workers: int) -> DataLoader[Batch]:
    """Return the batches of `tasks` in order, the same whatever the number of workers."""
    return DataLoader(
        Maker(patches, tasks.settings, tasks.here.rank),
        batch_size=None,
        sampler=tasks,
        num_workers=workers,
        prefetch_factor=PREFETCH if workers else None,
        pin_memory=tasks.here.device.type == "cuda",
        # Open files and threads of this process do not survive a fork.
        multiprocessing_context="spawn" if workers else None,
        generator=torch.Generator(),  # or it would draw from the global one
    )
