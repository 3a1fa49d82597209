"""What good units promise, whatever the distribution of scores."""

import numpy as np
import pytest

from stripsight_lab.tune.bound import bound, promised_rank
from stripsight_lab.tune.maxima import Floats


def test_above_the_largest_of_n() -> None:
    """Rank 1 of 20: 1/21 on average, and P(all 20 below) = (1 - x)^20 = 5 % at the upper bound."""
    found = bound(1, 20, exact=True)
    assert found.expected == pytest.approx(1 / 21)
    assert (1 - found.upper) ** 20 == pytest.approx(0.05)


def test_the_upper_bound_is_where_so_few_would_be_above_once_in_twenty_kits() -> None:
    """Rank 2 of 20: at the bound at most one of 20 is above it with 5 %: (1-x)^20 + 20 x (1-x)^19."""
    x = bound(2, 20, exact=True).upper
    assert (1 - x) ** 20 + 20 * x * (1 - x) ** 19 == pytest.approx(0.05)


def test_a_threshold_that_rejects_every_unit_promises_nothing() -> None:
    """There is no order statistic below the last."""
    found = bound(21, 20, exact=False)
    assert (found.expected, found.upper) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("units", "regions", "target", "expected"),
    [(200, 4, 0.03, 1), (200, 4, 0.04, 2), (200, 1, 0.03, 6), (20, 1, 0.1, 2)],
)
def test_the_rank_that_keeps_the_expected_rate(units: int, regions: int, target: float, expected: int) -> None:
    """Largest k with regions * k / (units + 1) <= target: 4/201 = 0.0199, 8/201 = 0.0398, 6/201, 2/21."""
    assert promised_rank(units, regions, target, "expected") == expected


def test_the_upper_promise_asks_for_more_units() -> None:
    """Above the largest of n: 1 - 0.05^(1/n) is 0.0499 for 59 and 0.0503 for 58, the known 59 of tolerance limits."""
    assert promised_rank(59, 1, 0.05, "upper") == 1
    with pytest.raises(ValueError, match=r"at least 0\.0504 with 58 good units and 1 regions, found 0\.05"):
        promised_rank(58, 1, 0.05, "upper")


def test_a_promise_that_so_few_units_cannot_give_is_refused() -> None:
    """Four regions and 200 units promise 4/201 at best; the least that is named is enough."""
    with pytest.raises(ValueError, match=r"at least 0\.0200 with 200 good units and 4 regions, found 0\.01"):
        promised_rank(200, 4, 0.01, "expected")
    assert promised_rank(200, 4, 0.0200, "expected") == 1


def true_rates(regions: Floats, rank: int) -> Floats:
    """False-reject rates of strips by thresholds at the rank-th largest of uniform scores [kits, units, regions]."""
    limits = -np.sort(-regions, axis=1)[:, rank - 1]
    rates: Floats = 1 - limits.prod(axis=1)
    return rates


def test_in_one_region_the_bound_is_met_exactly() -> None:
    """2,000 kits of 100: the mean is k/(n+1) and 5 % are above the upper bound, within three standard errors."""
    rates = true_rates(np.random.default_rng(1).random((2000, 100, 1)), 3)
    found = bound(3, 100, exact=True)
    assert rates.mean() == pytest.approx(found.expected, abs=0.0012)
    assert (rates > found.upper).mean() == pytest.approx(0.05, abs=0.015)


def test_in_several_regions_the_strips_bound_holds() -> None:
    """Three independent regions at rank 2: 2,000 kits stay within the bound of rank 6, and near it."""
    rates = true_rates(np.random.default_rng(2).random((2000, 100, 3)), 2)
    found = bound(6, 100, exact=True)
    assert 0.9 * found.expected < rates.mean() <= found.expected
    assert (rates > found.upper).mean() < 0.065
