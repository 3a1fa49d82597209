"""What n good units promise about the next one, whatever the distribution of scores.

A threshold just above the k-th largest of n exchangeable scores rejects the next good unit with a probability that is
itself Beta(k, n + 1 - k) distributed over kits (Wilks 1941; for conformal prediction Vovk 2012), so k / (n + 1) on
average. It is exact for scores without ties and an upper bound with them.

A strip is rejected by any of R regions. With thresholds of one rank k it is rejected with a probability of at most
Beta(R k, n + 1 - R k): cut off the unit with the largest score of a region, then the next among those that are left,
k times for each region in turn. What R k such cuts take away is Beta distributed (Wald 1943, Tukey 1947), and the
k-th largest of all units in a region is never below the k-th largest of those that were left.

Runs of one unit are not exchangeable with those of others: the unit counts, by its worst run. A product on the line
is acquired once, so it is rejected no more often than the bound says.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stripsight_lab.tune.maxima import Floats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Bound:
    """The false-reject rate that a threshold above the `rank`-th largest of `units` good units promises.

    `expected` is its mean over kits; with 95 % confidence it is below `upper`. `exact`: the rank was fixed before the
    scores were seen. Otherwise rank and scores are of one kit, and the figures are a guide.
    """

    rank: int
    units: int
    expected: float
    upper: float
    exact: bool


def bound(rank: int, units: int, *, exact: bool) -> Bound:
    """Bound the false-reject rate by the order statistic of `rank` >= 1; 1 where there is none so low."""
    expected, upper = false_reject_rates(np.array([float(rank)]), units)
    return Bound(rank, units, float(expected[0]), float(upper[0]), exact)


def false_reject_rates(ranks: Floats, units: int) -> tuple[Floats, Floats]:
    """Expected and upper false-reject rate of each of `ranks`, both [K]."""
    from scipy.stats import beta

    ranks = np.minimum(ranks, units + 1)
    last = ranks > units  # rejects everything: Beta(n + 1, 0) is the number 1
    upper = beta.ppf(CONFIDENCE, ranks, np.where(last, 1.0, units + 1 - ranks))
    return ranks / (units + 1), np.where(last, 1.0, upper)


def promised_rank(units: int, regions: int, target: float, promise: Literal["expected", "upper"]) -> int:
    """The largest rank, of each region, whose promise for the strip is at most `target`.

    Raises ValueError where the first rank already promises more.
    """
    ranks = np.arange(1.0, max(units // regions, 1) + 1)
    expected, upper = false_reject_rates(regions * ranks, units)
    promises = expected if promise == "expected" else upper
    if promises[0] > target:
        least = np.ceil(promises[0] * 1e4) / 1e4  # rounded up, so that it is enough
        raise ValueError(
            f"target false-reject rate: expected at least {least:.4f} with {units} good units and {regions} "
            f"regions, found {target}"
        )
    return int((promises <= target).sum())
