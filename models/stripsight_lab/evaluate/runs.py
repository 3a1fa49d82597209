"""The paper's Table 3: products by their runs, each acquired n times and rejected when at least k runs reject it."""

from dataclasses import dataclass

import numpy as np

from stripsight_lab.evaluate.judged import Judged
from stripsight_lab.tune.rates import Rate


@dataclass(frozen=True)
class RunTable:
    """Table 3, counted in products.

    `good_unconfirmed`: good products that fewer than k runs accept. The paper wants k of n in either direction, so
    a good product that 4 of 10 runs reject is not rejected, and yet wrong; `accuracy` counts it so.
    """

    least: int
    runs: int
    detection: Rate
    false_reject: Rate
    good_unconfirmed: Rate
    accuracy: Rate


def run_table(kit: Judged, least: int = 7, runs: int = 10) -> RunTable:
    """Judge each product by `least` of its `runs`. Raises ValueError where a product has another number of runs."""
    acquired = np.bincount(kit.units)
    if not (acquired == runs).all():
        raise ValueError(f"runs of each product: expected {runs}, found {acquired.min()} to {acquired.max()}")
    if not 1 <= least <= runs:
        raise ValueError(f"rejecting runs: expected 1 to {runs}, found {least}")
    rejecting = np.bincount(kit.units, kit.rejected)
    defective = np.bincount(kit.units, kit.defective) > 0
    rejected, confirmed = rejecting >= least, runs - rejecting >= least
    good, bad = int((~defective).sum()), int(defective.sum())
    found, kept = int((rejected & defective).sum()), int((confirmed & ~defective).sum())
    return RunTable(
        least=least,
        runs=runs,
        detection=Rate(found, bad),
        false_reject=Rate(int((rejected & ~defective).sum()), good),
        good_unconfirmed=Rate(good - kept, good),
        accuracy=Rate(found + kept, good + bad),
    )
