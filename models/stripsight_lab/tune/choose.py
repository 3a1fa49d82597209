"""A kit whose truth is known, and the thresholds that each method chooses from it."""

from dataclasses import dataclass

import numpy as np

from stripsight_lab.tune.bound import promised_rank
from stripsight_lab.tune.ladder import (
    ladder,
    rank_for_balance,
    rank_for_false_rejects,
    rank_for_misses,
    rejected_by_rank,
)
from stripsight_lab.tune.maxima import Bools, Floats, Ints, worst_runs
from stripsight_lab.tune.settings import Balance, FalseReject, GoodOnly, MissRate

LEAST_GOOD = 20

Method = FalseReject | MissRate | Balance | GoodOnly


@dataclass(frozen=True, eq=False)
class Known:
    """A kit: region maxima [S, R], the truth `defective` bool [S], the unit number [S] of each acquisition."""

    maxima: Floats
    defective: Bools
    units: Ints

    @property
    def good_units(self) -> Floats:
        """The worst run of each good unit, [U, R]."""
        return worst_runs(self.maxima[~self.defective], self.units[~self.defective])


def choose(kit: Known, how: Method) -> tuple[int, Floats]:
    """The rank and the thresholds [R] that `how` asks for. Raises ValueError where this kit cannot give them."""
    _check(kit, how)
    rank, thresholds = _promised(kit, how) if isinstance(how, GoodOnly) else _ranked(kit, how)
    if not (thresholds > 0).all():
        raise ValueError(f"thresholds: expected all above 0, found {thresholds.tolist()}")
    return rank, thresholds


def _check(kit: Known, how: Method) -> None:
    good = kit.maxima[~kit.defective]
    units = len(np.unique(kit.units[~kit.defective]))
    if units < LEAST_GOOD:
        raise ValueError(f"good strips in the tuning kit: expected at least {LEAST_GOOD}, found {units}")
    if not np.isfinite(good).all():
        wrong = int((~np.isfinite(good)).any(axis=1).sum())
        raise ValueError(f"scores of good strips: expected finite numbers, found {wrong} strips with others")
    if isinstance(how, MissRate | Balance) and not kit.defective.any():
        raise ValueError(f"defective strips in the tuning kit: expected at least 1 for {how.method}, found 0")


def _ranked(kit: Known, how: FalseReject | MissRate | Balance) -> tuple[int, Floats]:
    good, defective = kit.maxima[~kit.defective], kit.maxima[kit.defective]
    rungs = ladder(good)
    rejected, found = rejected_by_rank(good, rungs), rejected_by_rank(defective, rungs)
    match how:
        case FalseReject():
            rank = rank_for_false_rejects(rejected, how.target, len(good))
        case MissRate():
            rank = rank_for_misses(found, how.target, len(defective))
        case Balance():
            rank = rank_for_balance(rejected, len(good), found, len(defective))
    return rank, rungs[rank]


def _promised(kit: Known, how: GoodOnly) -> tuple[int, Floats]:
    worst = kit.good_units
    rank = promised_rank(len(worst), worst.shape[1], how.target, how.promise)
    # A score at its threshold is rejected; the promise is about scores above the order statistic.
    above: Floats = np.nextafter(-np.sort(-worst, axis=0)[rank - 1], np.inf)
    return rank, above
