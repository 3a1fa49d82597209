"""The Knapp-Kushner procedure: does the machine reject what people reject? Pure: counts in, efficiencies out.

J. Z. Knapp and H. K. Kushner, "Generalized methodology for evaluation of parenteral inspection procedures", Journal of
the Parenteral Drug Association 34 (1980). Each unit is inspected many times; p_i is the share of its inspections that
reject it. The manual p_i put the units into zones: accept, grey, reject. The efficiency in the reject zone, RZE, is the
mean p_i there. The machine qualifies when its RZE is at least the manual one, both over the manual zones.

The manual RZE looks a little better than people are: a unit enters the reject zone partly by luck of the very
inspections that are then averaged. The comparison is that much stricter for the machine.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from stripsight_lab.qualify.inspections import Inspections
from stripsight_lab.tune.maxima import Floats

_ROUNDING = 1e-12  # equal sums of equal numbers, added in another order


class Zone(StrEnum):
    """Where the manual p_i puts a unit."""

    ACCEPT = "accept"
    GREY = "grey"
    REJECT = "reject"


@dataclass(frozen=True)
class ZoneLimits:
    """Accept zone: p <= `accept`. Reject zone: p >= `reject`. Between them: grey."""

    accept: float = 0.3
    reject: float = 0.7

    def __post_init__(self) -> None:
        """ValueError unless 0 <= accept < reject <= 1."""
        if not 0 <= self.accept < self.reject <= 1:
            raise ValueError(f"zones: expected 0 <= accept < reject <= 1, found {self.accept} and {self.reject}")

    def zone(self, p: float) -> Zone:
        """The zone of a unit that is rejected with the share `p`.

        Without a tolerance: a quotient of counts rounds to the very float that "0.3" is read as (15 / 50 == 0.3).
        """
        if p <= self.accept:
            return Zone.ACCEPT
        return Zone.REJECT if p >= self.reject else Zone.GREY


@dataclass(frozen=True)
class Estimate:
    """A mean over `units` units and its 95 % bootstrap interval; NaN of no unit, no interval of fewer than two."""

    value: float
    low: float
    high: float
    units: int


@dataclass(frozen=True, eq=False)
class KnappKushner:
    """What the procedure found. Arrays are [U], in the order of `unit_ids`."""

    unit_ids: tuple[str, ...]
    manual_p: Floats
    machine_p: Floats
    zones: tuple[Zone, ...]
    """Of each unit, by its manual p."""
    limits: ZoneLimits
    rze_manual: Estimate
    rze_machine: Estimate
    difference: Estimate
    """RZE(machine) - RZE(manual), paired: the same units are drawn for both."""
    share_at_least: float
    """Share of the resamples in which RZE(machine) >= RZE(manual); NaN of an empty zone."""
    false_reject_machine: Estimate
    false_reject_manual: Estimate
    qualifies: bool | None
    """Whether RZE(machine) >= RZE(manual); None where the manual reject zone is empty."""
    resamples: int
    seed: int

    def count(self, zone: Zone) -> int:
        """Units in `zone`."""
        return self.zones.count(zone)


def knapp_kushner(
    manual: Inspections,
    machine: Inspections,
    *,
    seed: int,
    limits: ZoneLimits | None = None,
    resamples: int = 10_000,
) -> KnappKushner:
    """Compare the machine with people over the units of `machine`.

    Intervals are the percentiles of `resamples` bootstrap samples of the units in a zone (Efron 1979). Raises
    ValueError that names units which only one of the two inspected.
    """
    manual = manual.of(machine.unit_ids, "manual")
    limits = limits or ZoneLimits()
    manual_p, machine_p = manual.p, machine.p
    rng = np.random.default_rng(seed)
    in_reject, in_accept = manual_p >= limits.reject, manual_p <= limits.accept
    pairs = np.stack([manual_p, machine_p])
    hard, soft = _resampled(pairs[:, in_reject], rng, resamples), _resampled(pairs[:, in_accept], rng, resamples)
    difference = pairs[1:, in_reject] - pairs[:1, in_reject]
    return KnappKushner(
        unit_ids=machine.unit_ids,
        manual_p=manual_p,
        machine_p=machine_p,
        zones=tuple(limits.zone(float(p)) for p in manual_p),
        limits=limits,
        rze_manual=_estimate(pairs[0, in_reject], hard[0]),
        rze_machine=_estimate(pairs[1, in_reject], hard[1]),
        difference=_estimate(difference[0], hard[1] - hard[0]),
        share_at_least=float(np.mean(hard[1] >= hard[0] - _ROUNDING)) if in_reject.any() else float("nan"),
        false_reject_machine=_estimate(pairs[1, in_accept], soft[1]),
        false_reject_manual=_estimate(pairs[0, in_accept], soft[0]),
        qualifies=bool(difference.mean() >= -_ROUNDING) if in_reject.any() else None,
        resamples=resamples,
        seed=seed,
    )


def _resampled(values: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    """Means of `values` [2, n] over the same units drawn with replacement: [2, resamples]; NaN of no unit."""
    n = values.shape[1]
    if not n:
        return np.full((2, resamples), np.nan)
    drawn = rng.multinomial(n, np.full(n, 1 / n), resamples)
    means: Floats = values @ drawn.T / n
    return means


def _estimate(values: Floats, means: Floats) -> Estimate:
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    low, high = np.percentile(means, [2.5, 97.5]) if len(values) > 1 else (np.nan, np.nan)
    return Estimate(float(values.mean()), float(low), float(high), len(values))
