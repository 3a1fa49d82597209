"""Reading acquired patches: any of 2.8 million by number, without holding more than those that were asked for."""

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from stripsight_lab.dataset.plan import product_path, read_plan
from stripsight_lab.dataset.product import DATA, digest_of

MOST_OPEN = 64
"""Files that are open at once in one process; opening one takes about as long as reading one patch."""

Split = Literal["training", "validation", "all"]


class PatchStore:
    """Patches of the products of one split, by region.

    Patch i of a region is patch i % M_p of product i // M_p; within a product the order is run, image, vial. Files
    are opened when they are needed, by each process for itself, so a store may be pickled or forked into workers.
    It is not for several threads.
    """

    def __init__(self, folder: Path, split: Split = "all") -> None:
        """Find the products. Raises ValueError for a folder without a finished acquisition."""
        self._plan = read_plan(folder)
        products = range(len(self._plan.units))
        paths = [product_path(folder, product) for product in products]
        there = sum(path.exists() for path in paths)
        if there < len(paths):
            raise ValueError(f"{folder}: expected {len(paths)} products, found {there}; let the acquisition finish")
        is_validation = self._plan.settings.is_validation
        self._paths = [paths[p] for p in products if split == "all" or is_validation(p) == (split == "validation")]
        self._open: OrderedDict[int, tuple[h5py.File, h5py.Dataset]] = OrderedDict()
        self._opened_by = os.getpid()

    @property
    def regions(self) -> int:
        """Regions of a vial, R."""
        return self._plan.regions

    @property
    def count(self) -> int:
        """Patches of each region; 0 where the split has no product."""
        return len(self._paths) * self._plan.patches_a_product

    @property
    def size(self) -> int:
        """Height and width of a patch, P."""
        return self._plan.size_px

    def read(self, region: int, indices: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        """Patches `indices` (0 to count - 1, in any order, also repeated) of `region`: uint8 [len(indices), P, P].

        Raises IndexError for a number out of range, ValueError for anything but a flat array of integers.
        """
        wanted = self._checked(region, np.asarray(indices))
        patches = np.empty((len(wanted), self.size, self.size), np.uint8)
        products, numbers = np.divmod(wanted, self._plan.patches_a_product)
        for place in np.argsort(products, kind="stable"):  # each file is opened once at most
            patches[place] = self._data(int(products[place]))[region, int(numbers[place])]
        return patches

    def digest(self) -> str:
        """The sha256 (hex) of all patches of the split, from those that were taken at acquisition."""
        whole = hashlib.sha256(repr((self.regions, self.count, self.size)).encode())
        for path in self._paths:
            whole.update(bytes.fromhex(digest_of(path)))
        return whole.hexdigest()

    def _checked(self, region: int, indices: NDArray[Any]) -> NDArray[np.int64]:
        if indices.ndim != 1 or not (np.issubdtype(indices.dtype, np.integer) or indices.size == 0):
            raise ValueError(f"indices: expected a flat array of integers, found {indices.dtype} {list(indices.shape)}")
        wanted = indices.astype(np.int64)
        if not 0 <= region < self.regions:
            raise IndexError(f"region: expected 0 to {self.regions - 1}, found {region}")
        if wanted.size and (wanted.min() < 0 or wanted.max() >= self.count):
            raise IndexError(f"indices: expected 0 to {self.count - 1}, found {wanted.min()} to {wanted.max()}")
        return wanted

    def _data(self, product: int) -> h5py.Dataset:
        if self._opened_by != os.getpid():
            self._forget()
        if product in self._open:
            self._open.move_to_end(product)
            return self._open[product][1]
        if len(self._open) >= MOST_OPEN:
            self._open.popitem(last=False)[1][0].close()
        # A finished file never changes, and a read-only or network disk may not know locks. Patches are not read
        # twice, so nothing is gained from keeping them.
        file = h5py.File(self._paths[product], "r", locking=False, rdcc_nbytes=0)
        self._open[product] = file, file[DATA]
        return self._open[product][1]

    def _forget(self) -> None:
        """Start anew in this process: files that another one opened are not ours."""
        self._open = OrderedDict()
        self._opened_by = os.getpid()

    def close(self) -> None:
        """Close all files; reading opens them again."""
        while self._open:
            self._open.popitem()[1][0].close()

    def __getstate__(self) -> dict[str, Any]:
        """All but the open files."""
        return {"_plan": self._plan, "_paths": self._paths}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Start with no file open."""
        self.__dict__.update(state)
        self._forget()
