"""Where training patches come from, and how the regions become one set: the paper trains one generator on all.

Patch i of the union is patch i % count of region i // count.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLED = 64


class Patches(Protocol):
    """Good patches by region, in a file or in memory. Pickles; a process that unpickles it opens files anew."""

    @property
    def regions(self) -> int:
        """Regions, R."""

    @property
    def count(self) -> int:
        """Patches of each region."""

    @property
    def size(self) -> int:
        """Height and width of a patch, P."""

    def read(self, region: int, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return uint8 [len(indices), P, P]; `indices` lie in [0, count) and ascend."""


@dataclass(frozen=True, eq=False)
class ArrayPatches:
    """Patches uint8 [R, M, P, P] of an array or a memory map. Raises ValueError for anything else."""

    array: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check type and shape."""
        shape = self.array.shape
        if self.array.dtype != np.uint8 or len(shape) != 4 or shape[2] != shape[3]:
            raise ValueError(f"patches must be uint8 [R, M, P, P], got {self.array.dtype} {list(shape)}")

    @property
    def regions(self) -> int:
        """R."""
        return len(self.array)

    @property
    def count(self) -> int:
        """M."""
        return int(self.array.shape[1])

    @property
    def size(self) -> int:
        """P."""
        return int(self.array.shape[2])

    def read(self, region: int, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Copy out some patches of one region."""
        return np.asarray(self.array[region, indices])


def read_union(patches: Patches, chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Read the patches `chosen` of the union, in any order without repeats: uint8 [len(chosen), P, P]."""
    read = np.empty((len(chosen), patches.size, patches.size), np.uint8)
    order = np.argsort(chosen)
    regions = chosen[order] // patches.count
    for region in np.unique(regions):
        places = order[regions == region]  # ascending within the region, as files like it
        read[places] = patches.read(int(region), chosen[places] % patches.count)
    return read


def fingerprint(patches: Patches) -> str:
    """SHA-256 of the sizes and of 64 patches spread over the set: the paper's set is 184 GB."""
    total = patches.regions * patches.count
    chosen = np.unique(np.linspace(0, total - 1, SAMPLED).astype(np.int64))
    digest = hashlib.sha256(repr((patches.regions, patches.count, patches.size)).encode())
    digest.update(read_union(patches, chosen).tobytes())
    return digest.hexdigest()
