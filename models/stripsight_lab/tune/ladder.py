"""Thresholds tied by one number, the rank.

At rank k each region's threshold lies between the k-th and the next of the good strips' largest scores in that
region, so each region rejects the same share of good strips and none has to carry another's long tail. A strip is
rejected when any region is (eq. 13), so the higher the rank, the more is rejected.
"""

import numpy as np

from stripsight_lab.tune.maxima import Floats, Ints

ABOVE_ALL = 1.02
"""Where the threshold of rank 0 stands over the largest score of all good strips."""


def ladder(maxima: Floats) -> Floats:
    """Thresholds of every rank: good strips' `maxima` [G, R] -> [G + 1, R], never rising.

    Rank 0 rejects no good strip and rank G, at the smallest maximum of each region, all of them.
    """
    ranked = -np.sort(-maxima, axis=0)  # the largest of each region first
    return np.vstack([ranked[:1] * ABOVE_ALL, (ranked[:-1] + ranked[1:]) / 2, ranked[-1:]])


def rejected_by_rank(maxima: Floats, rungs: Floats) -> Ints:
    """How many of the strips with `maxima` [S, R] each rank of `rungs` [K, R] rejects: int64 [K], never falling."""
    regions = range(rungs.shape[1])
    # A strip falls at the first rank whose threshold, in any region, is not above its maximum.
    first = [np.searchsorted(-rungs[:, r], -maxima[:, r], side="left") for r in regions]
    counts = np.bincount(np.min(first, axis=0), minlength=len(rungs) + 1)
    return np.cumsum(counts)[: len(rungs)].astype(np.int64)


def allowed(share: float, total: int) -> int:
    """How many of `total` a share allows; 0.29 of 100 is 29, although 0.29 * 100 is a little less in binary."""
    return int(np.floor(share * total + 1e-9))


def rank_for_false_rejects(good: Ints, target: float, total: int) -> int:
    """The highest rank that rejects at most `target` of `total` good strips, `good` [K] being rejected at each."""
    return int(np.searchsorted(good, allowed(target, total), side="right")) - 1


def rank_for_misses(found: Ints, target: float, total: int) -> int:
    """The lowest rank that misses at most `target` of `total` defective strips, `found` [K] at each.

    Raises ValueError where even the thresholds that reject every good strip miss more.
    """
    most = allowed(target, total)
    enough = np.flatnonzero(total - found <= most)
    if not enough.size:
        least = total - int(found[-1])
        raise ValueError(f"missed defective strips: expected at most {most} of {total} at some rank, found {least}")
    return int(enough[0])


def rank_for_balance(good: Ints, goods: int, found: Ints, defectives: int) -> int:
    """The rank with the largest detection rate minus false-reject rate; of equals the one that finds most."""
    gain = found * goods - good * defectives  # in whole numbers, so that equals are equal
    return int(len(gain) - 1 - np.argmax(gain[::-1]))
