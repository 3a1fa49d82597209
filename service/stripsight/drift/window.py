"""The last strips, as counts: rejected ones, and scores above each level of the baseline, by vial and region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stripsight.verdict import Judgement, Verdict


@dataclass(frozen=True)
class Counts:
    """Of `strips` judged strips: rejected ones, and those above each level, int64 [vials, regions, levels]."""

    strips: int
    rejected: int
    above: NDArray[np.int64]


class Window:
    """Remembers `size` strips; the oldest makes room."""

    def __init__(self, levels: NDArray[np.float64], size: int) -> None:
        """Begin empty. `levels` are scores, float64 [vials, regions, levels]."""
        self._levels = levels
        self._rejected = np.zeros(size, np.bool_)
        self._above = np.zeros((size, *levels.shape), np.bool_)
        self._seen = 0

    def add(self, judgement: Judgement) -> None:
        """Take a strip that was judged by scores; one without scores says nothing about them and is left out."""
        if not judgement.vials:
            return
        scores = [[region.score for region in vial.regions] for vial in judgement.vials]
        place = self._seen % len(self._rejected)
        self._rejected[place] = judgement.verdict is not Verdict.ACCEPT
        self._above[place] = ~(np.array(scores)[..., None] <= self._levels)  # asked so that NaN counts as above
        self._seen += 1

    @property
    def counts(self) -> Counts:
        """Count what is remembered."""
        strips = min(self._seen, len(self._rejected))
        return Counts(strips, int(self._rejected[:strips].sum()), self._above[:strips].sum(axis=0))
