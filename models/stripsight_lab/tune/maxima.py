"""From patch scores to the one score a region of a strip, or of a product in all its runs, is judged by."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def as_worst(scores: Floats) -> Floats:
    """Make every score that is not finite infinite: the service rejects those whatever the threshold."""
    return np.where(np.isfinite(scores), scores, np.inf)


def region_maxima(scores: Floats, regions: int) -> Floats:
    """The worst score of each region over frames and vials: [S, N] -> [S, R]; infinite where one is not finite.

    Raises ValueError where N is not a multiple of `regions`.
    """
    if scores.ndim != 2 or scores.shape[1] % regions:
        raise ValueError(f"scores: expected [S, N], N a multiple of {regions} regions, found {list(scores.shape)}")
    maxima: Floats = as_worst(scores).reshape(len(scores), -1, regions).max(axis=1)
    return maxima


def unit_numbers(units: Sequence[str] | None, acquisitions: int) -> Ints:
    """Number the unit of each acquisition, int64 [S], 0 .. U-1; without names each acquisition is a unit.

    Raises ValueError where `units` does not name one unit an acquisition.
    """
    if units is None:
        return np.arange(acquisitions)
    if len(units) != acquisitions:
        raise ValueError(f"units: expected a name for each of {acquisitions} acquisitions, found {len(units)}")
    return np.unique(np.asarray(units, dtype=str), return_inverse=True)[1].astype(np.int64)


def worst_runs(maxima: Floats, units: Ints) -> Floats:
    """The worst of each unit's runs: [S, R] and unit numbers [S] -> [U, R] of the units that occur."""
    found, place = np.unique(units, return_inverse=True)
    worst = np.full((len(found), maxima.shape[1]), -np.inf)
    np.maximum.at(worst, place, maxima)
    return worst
