"""Percentiles, and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

SHARES = {"p50": 0.50, "p90": 0.90, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
_RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def percentile(values: Any, share: float, axis: int = -1) -> Any:
    """The smallest measured value that at least `share` (0 to 1) of `values` do not exceed: nearest rank."""
    return np.quantile(values, share, axis=axis, method="inverted_cdf")


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Each of SHARES; all NaN when there are no values."""
    if not values:
        return dict.fromkeys(SHARES, float("nan"))
    return {name: float(percentile(values, share)) for name, share in SHARES.items()}


def ratio(above: Sequence[float], below: Sequence[float], share: float) -> Interval:
    """A percentile of `above` over that of `below`, with its bootstrap interval (two independent samples)."""

    def statistic(top: Any, bottom: Any, axis: int = -1) -> Any:
        return percentile(top, share, axis) / percentile(bottom, share, axis)

    drawn = stats.bootstrap(
        (np.asarray(above), np.asarray(below)), statistic, method="percentile", n_resamples=_RESAMPLES, rng=0
    )
    low, high = drawn.confidence_interval
    return Interval(float(statistic(above, below)), float(low), float(high))


def slope(values: Sequence[float], blocks: int = 100) -> Interval:
    """Change of `values` per thousand strips: Theil and Sen's, over the medians of up to `blocks` blocks in a row.

    Robust to the odd slow strip; the medians take the dependence between neighbours out. Raises ValueError for fewer
    than two values.
    """
    if len(values) < 2:
        raise ValueError(f"values: expected at least two, found {len(values)}")
    parts = np.array_split(np.arange(len(values)), min(blocks, len(values)))
    medians = [np.median(np.asarray(values)[part]) for part in parts]
    found = stats.theilslopes(medians, [part.mean() / 1000 for part in parts], 0.95)
    return Interval(float(found.slope), float(found.low_slope), float(found.high_slope))
