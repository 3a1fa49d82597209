"""Thresholds of a tuning kit by any of the methods, and how the kit stands with them.

Rates count acquisitions, since the line acquires a product once: a false-reject rate is the share of passes of good
products that end in a reject. Their intervals and the bound count units, since runs of one unit resemble each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stripsight_lab.tune.bound import Bound, bound
from stripsight_lab.tune.choose import Known, Method, choose
from stripsight_lab.tune.maxima import Bools, Floats, region_maxima, unit_numbers
from stripsight_lab.tune.rates import Rate, rate
from stripsight_lab.tune.settings import Balance, FalseReject, GoodOnly


@dataclass(frozen=True)
class RegionTuning:
    """One region's threshold, and what it alone rejects of all good and all defective acquisitions.

    Its share of the defective ones is no detection rate of its own: most defects lie in other regions.
    """

    threshold: float
    false_reject: Rate
    detection: Rate
    bound: Bound


@dataclass(frozen=True)
class Tuning:
    """Thresholds of the regions [R], how they were obtained, and how the tuning kit stands with them.

    `target` is the method's own; None for `balance`. At `rank` k each region rejects k good acquisitions, but for
    ties; by `good-only` its threshold is just above the k-th largest of the good units.
    """

    method: str
    target: float | None
    rank: int
    thresholds: tuple[float, ...]
    good_units: int
    defective_units: int
    false_reject: Rate
    detection: Rate
    bound: Bound
    regions: tuple[RegionTuning, ...]


def tune(
    scores: Floats,
    defective: Bools,
    regions: int,
    settings: Method | float,
    units: Sequence[str] | None = None,
) -> Tuning:
    """Choose thresholds from `scores` [S, N] in frame, vial, region order and the truth `defective` bool [S].

    `settings` says how; a number is the target of `false-reject`. `units` [S] names the unit of each acquisition;
    without it each acquisition is a unit. Raises ValueError for too few good units, no defective one where the method
    needs it, scores of good strips that are not finite, and targets that this kit cannot reach.
    """
    how = FalseReject(target=settings) if isinstance(settings, float | int) else settings
    kit = Known(region_maxima(scores, regions), defective, unit_numbers(units, len(scores)))
    return _report(kit, how, *choose(kit, how))


def _report(kit: Known, how: Method, rank: int, thresholds: Floats) -> Tuning:
    rejected: Bools = kit.maxima >= thresholds
    exact, worst = isinstance(how, GoodOnly), kit.good_units >= thresholds
    # A threshold that rejects u units stands above the next one: rank u + 1.
    ranks = [rank] * len(thresholds) if exact else [int(u) + 1 for u in worst.sum(axis=0)]
    strip_rank = rank * len(thresholds) if exact else int(worst.any(axis=1).sum()) + 1

    def rates(which: Bools) -> tuple[Rate, Rate]:
        return rate(which, ~kit.defective, kit.units), rate(which, kit.defective, kit.units)

    false_reject, detection = rates(np.asarray(rejected.any(axis=1)))
    return Tuning(
        method=how.method,
        target=None if isinstance(how, Balance) else how.target,
        rank=rank,
        thresholds=tuple(float(threshold) for threshold in thresholds),
        good_units=len(worst),
        defective_units=len(np.unique(kit.units[kit.defective])),
        false_reject=false_reject,
        detection=detection,
        bound=bound(strip_rank, len(worst), exact=exact),
        regions=tuple(
            RegionTuning(float(threshold), *rates(rejected[:, r]), bound(ranks[r], len(worst), exact=exact))
            for r, threshold in enumerate(thresholds)
        ),
    )
