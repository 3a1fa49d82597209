"""Thresholds, one for each region, from a tuning kit. Pure: scores in, thresholds out.

The four thresholds are tied by one number: each region's scores are put on a common scale by what its good patches
do, and one cut on that scale is chosen for the strip as a whole, whose score is the maximum (eq. 13).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
    """Choose the smallest thresholds that reject at most `target` of the good strips.

    `scores` [S, N] in frame, vial, region order; `defective` bool [S]; `target` in [0, 1).
    """
    if not 0 <= target < 1:
        raise ValueError(f"target false-reject rate: expected 0 <= target < 1, found {target}")
    good = ~defective
    if good.sum() < 20:
        raise ValueError(f"good strips in the tuning kit: expected at least 20, found {int(good.sum())}")
    patches = scores.reshape(len(scores), -1, regions)[good].reshape(-1, regions)
    middle, high = np.quantile(patches, [0.5, 0.99], axis=0)
    spread = high - middle
    strip = ((region_maxima(scores, regions) - middle) / spread).max(axis=1)
    # The cut lies between the last good strip that passes and the first that may be rejected.
    ordered = np.sort(strip[good])
    allowed = int(np.floor(target * len(ordered)))
    cut = ordered[-1] * 1.02 if allowed == 0 else (ordered[-allowed] + ordered[-allowed - 1]) / 2
    rejected = strip >= cut
    return Tuning(
        thresholds=tuple(float(t) for t in middle + cut * spread),
        target_false_reject_rate=target,
        good=int(good.sum()),
        good_rejected=int((rejected & good).sum()),
        defective=int(defective.sum()),
        defective_rejected=int((rejected & defective).sum()),
    )
