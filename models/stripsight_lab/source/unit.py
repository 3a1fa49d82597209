"""A known product that can be acquired, and a source of such products. Both pickle, for workers that are spawned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Acquired:
    """Frames of one run. Both arrays are uint8 [F, H, W], in the order that was asked for."""

    frames: NDArray[np.uint8]
    masks: NDArray[np.uint8] | None
    """1 where the defect shows, else 0; None where the truth of pixels is not known."""


class Unit(Protocol):
    """One known product. Its text names the place where its pictures come from."""

    @property
    def unit_id(self) -> str:
        """Unique in its source; does not tell whether it is good."""

    @property
    def kind(self) -> str:
        """The defect's name, "" for a good one."""

    @property
    def severity(self) -> float:
        """(0, 1] for a simulated defect, 0 for a good one, NaN where nobody graded it."""

    @property
    def place(self) -> str:
        """The vial that holds the defect where it is known ("V3"), else ""."""

    def acquire(self, run: int, indices: Sequence[int]) -> Acquired:
        """The frames `indices` of `run` (0 or above). Raises ValueError for a run or frame that there is not."""


class Source(Protocol):
    """Products in three parts that share none, nor a defect."""

    def training(self) -> Sequence[Unit]:
        """Good products only."""

    def tuning_kit(self) -> Sequence[Unit]:
        """Good and defective products that thresholds are set with."""

    def test_kit(self) -> Sequence[Unit]:
        """Good and defective products that figures are reported on."""
