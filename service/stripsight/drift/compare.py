"""Are two shares of strips the same? Pure."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer] | NDArray[np.floating]


def deviation(hits: Numbers, total: int, expected_hits: Numbers, expected_total: int) -> Floats:
    """Return how far the share hits / total lies from expected_hits / expected_total, in standard deviations.

    By the arcsine transform (Freeman and Tukey 1950), whose variance hardly depends on the share, so that rare rejects
    and common scores take the same limit. The baseline's own uncertainty counts. Above 0: a larger share; 0 where
    `total` is 0. Shapes broadcast.
    """
    if total == 0:
        return np.zeros(np.broadcast(hits, expected_hits).shape)
    apart = _angle(hits, total) - _angle(expected_hits, expected_total)
    return np.asarray(apart / np.sqrt(1 / (4 * total) + 1 / (4 * expected_total)), np.float64)


def _angle(hits: Numbers, total: int) -> Floats:
    """Freeman and Tukey's average of two arcsines, whose variance is 1 / (4 n)."""
    low, high = np.sqrt(hits / (total + 1)), np.sqrt((hits + 1) / (total + 1))
    return np.asarray((np.arcsin(low) + np.arcsin(high)) / 2, np.float64)
