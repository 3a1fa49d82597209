"""The processes that train together: one alone, or those that torchrun started, a GPU each.

    torchrun --nproc-per-node 4 -m stripsight_lab train EXPERIMENT

Every rank has the whole networks and its own part of each batch, and gradients are averaged. Where processes do not
share a machine, they have to share the folder that holds the checkpoint.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor
from torch import distributed as dist

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Ranks:
    """This process among `size`, and where it computes."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def part(self, batch: int) -> int:
        """Patches of a batch that each rank takes. Raises ValueError for a batch that they cannot share."""
        if batch % self.size or batch < 2 * self.size:
            raise ValueError(f"a batch of {batch} is not 2 or more patches for each of {self.size} ranks")
        return batch // self.size

    def total(self, values: Tensor) -> Tensor:
        """Add up `values` over all ranks, in place; every rank has to call it."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def wait(self) -> None:
        """Return when every rank has come here."""
        if self.size > 1:
            dist.barrier()

    def agree(self, module: torch.nn.Module) -> None:
        """Give every rank the first one's buffers of `module`, the running statistics of its norms."""
        if self.size > 1:
            for buffer in module.buffers():
                dist.broadcast(buffer, 0)


def is_first_process() -> bool:
    """Whether this process writes files: the first of a torchrun, also before and after a training, or one alone."""
    return os.environ.get("RANK", "0") == "0"


def device_of(wanted: Device, local_rank: int = 0) -> torch.device:
    """Where to compute; `auto` is a GPU where there is one. Raises ValueError for `cuda` where there is none."""
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if local_rank >= torch.cuda.device_count():
        raise ValueError(f"no GPU for process {local_rank} of this machine: {torch.cuda.device_count()} found")
    return torch.device("cuda", local_rank)


@contextmanager
def ranks(wanted: Device) -> Iterator[Ranks]:
    """Join the other processes of a torchrun for the length of a training; alone without one."""
    if not dist.is_torchelastic_launched():
        yield Ranks(device=device_of(wanted))
        return
    device = device_of(wanted, int(os.environ["LOCAL_RANK"]))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size(), device)
    finally:
        dist.destroy_process_group()
