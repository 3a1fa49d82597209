"""A kit as its thresholds judge it: what every table is counted from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stripsight_lab.tune.maxima import Bools, Floats, Ints, as_worst, region_maxima, unit_numbers
from stripsight_lab.tune.rates import Rate, rate


@dataclass(frozen=True, eq=False)
class Judged:
    """S acquisitions of N patches in frame, vial, region order, against one threshold for each of R regions.

    `scores` [S, N], infinite where they were not finite; `kinds` str [S], "" for good; `severities` [S], NaN where
    nobody graded; `units` int64 [S], which product it is; `thresholds` [R].
    """

    scores: Floats
    kinds: NDArray[np.str_]
    severities: Floats
    units: Ints
    thresholds: Floats

    @property
    def defective(self) -> Bools:
        """Which acquisitions show a defective strip, bool [S]."""
        defective: Bools = self.kinds != ""
        return defective

    @property
    def rejected_patches(self) -> Bools:
        """Which patches are not below their region's threshold, bool [S, N]."""
        rejected: Bools = self.scores >= np.tile(self.thresholds, self.scores.shape[1] // len(self.thresholds))
        return rejected

    @property
    def rejected(self) -> Bools:
        """Which acquisitions are rejected: those with a rejected patch (eq. 13), bool [S]."""
        return np.asarray(self.rejected_patches.any(axis=1))

    @property
    def margins(self) -> Floats:
        """The largest score over its threshold, [S]: the strip's one score, at least 1 when rejected."""
        margins: Floats = (region_maxima(self.scores, len(self.thresholds)) / self.thresholds).max(axis=1)
        return margins

    def rate(self, which: Bools, rejected: Bools | None = None) -> Rate:
        """How many of the acquisitions `which` bool [S] are rejected."""
        return rate(self.rejected if rejected is None else rejected, which, self.units)

    @property
    def accuracy(self) -> Rate:
        """Rightly judged acquisitions, good and defective: the paper's figure, for comparison only."""
        return self.rate(np.ones(len(self.kinds), dtype=bool), self.rejected == self.defective)


def judged(
    scores: Floats,
    kinds: Sequence[str],
    severities: Floats,
    thresholds: Sequence[float],
    units: Sequence[str] | None = None,
) -> Judged:
    """Judge a kit. Without `units` each acquisition counts as a product of its own.

    Raises ValueError where counts do not agree.
    """
    limits = np.asarray(thresholds, dtype=np.float64)
    region_maxima(scores, len(limits))  # refuses a shape that does not fit
    if not len(scores) == len(kinds) == len(severities):
        found = f"{len(scores)} scores, {len(kinds)} kinds, {len(severities)} severities"
        raise ValueError(f"kit: expected as many kinds and severities as acquisitions, found {found}")
    names = np.asarray(kinds, dtype=str)
    return Judged(as_worst(scores), names, np.asarray(severities), unit_numbers(units, len(scores)), limits)
