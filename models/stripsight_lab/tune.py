"""Thresholds, one for each region, from a tuning kit. Pure: scores in, thresholds out.

The thresholds are tied by one number, the rank k: each region's threshold lies between the k-th and the next of the
good strips' largest scores in that region, so each region rejects the same share of good strips and none has to carry
another's long tail. A strip is rejected when any region is (eq. 13), so k is as large as the target for strips allows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_GOOD = 20
ABOVE_ALL = 1.02
"""Where the threshold stands over the largest score of all good strips, when none may be rejected."""


@dataclass(frozen=True)
class Tuning:
    """Thresholds of the regions [R] and how the tuning kit stands with them."""

    thresholds: tuple[float, ...]
    target_false_reject_rate: float
    good: int
    good_rejected: int
    defective: int
    defective_rejected: int


def region_maxima(scores: Floats, regions: int) -> Floats:
    """The worst score of each region over frames and vials: [S, N] -> [S, R]."""
    maxima: Floats = scores.reshape(len(scores), -1, regions).max(axis=1)
    return maxima


def tune(scores: Floats, defective: NDArray[np.bool_], regions: int, target: float) -> Tuning:
    """Choose the smallest thresholds of one rank that reject at most `target` of the good strips.

    `scores` [S, N] in frame, vial, region order; `defective` bool [S]; `target` in [0, 1). A target of fewer strips
    than there are regions may allow no rank but 0: thresholds just above every good strip.
    """
    if not 0 <= target < 1:
        raise ValueError(f"target false-reject rate: expected 0 <= target < 1, found {target}")
    good = ~defective
    if good.sum() < LEAST_GOOD:
        raise ValueError(f"good strips in the tuning kit: expected at least {LEAST_GOOD}, found {int(good.sum())}")
    maxima = region_maxima(scores, regions)
    thresholds = _thresholds(maxima[good], int(np.floor(target * good.sum())))
    rejected = (maxima >= thresholds).any(axis=1)
    return Tuning(
        thresholds=tuple(float(t) for t in thresholds),
        target_false_reject_rate=target,
        good=int(good.sum()),
        good_rejected=int((rejected & good).sum()),
        defective=int(defective.sum()),
        defective_rejected=int((rejected & defective).sum()),
    )


def _thresholds(maxima: Floats, allowed: int) -> Floats:
    """Thresholds [R] of the largest rank that rejects at most `allowed` of the good strips with `maxima` [G, R]."""
    ranked = -np.sort(-maxima, axis=0)  # best of each region first
    chosen: Floats = ranked[0] * ABOVE_ALL
    for rank in range(1, len(ranked)):
        candidate = (ranked[rank - 1] + ranked[rank]) / 2
        if (maxima >= candidate).any(axis=1).sum() > allowed:
            break
        chosen = candidate
    return chosen
