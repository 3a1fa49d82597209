"""Which vial, run and frame a picture shows."""

import math
from dataclasses import dataclass

from stripsight_lab.line.geometry import FRAMES_PER_ACQUISITION


@dataclass(frozen=True)
class Instant:
    """One vial of one strip in one frame of one run."""

    strip_seed: int
    vial: int
    run: int
    frame: int

    @property
    def mine(self) -> tuple[int, int]:
        """The numbers that a vial's lasting parts are drawn from."""
        return self.strip_seed, self.vial

    @property
    def own_run(self) -> tuple[int, int, int]:
        """The numbers that a vial's moving parts are drawn from: the same in all frames of a run."""
        return self.strip_seed, self.run, self.vial

    @property
    def turn(self) -> float:
        """How far the semicircular movement has come: 0 at its start to pi at its end."""
        return math.pi * self.frame / (FRAMES_PER_ACQUISITION - 1)

    @property
    def swing(self) -> float:
        """Where the movement is: 1 at its start, -1 at its end."""
        return math.cos(self.turn)
