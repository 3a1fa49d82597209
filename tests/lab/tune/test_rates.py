"""Counts and their intervals."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.stats import binomtest

from stripsight_lab.tune.rates import Rate, rate, resampled, wilson


def test_wilson_interval_of_ten_out_of_ten() -> None:
    """Wilson's lower bound for n of n is n / (n + z^2): 10 / 13.8415 = 0.7225."""
    low, high = Rate(10, 10).interval()
    assert low == pytest.approx(0.7225, abs=1e-4)
    assert high == pytest.approx(1.0)


@pytest.mark.parametrize(("hits", "total"), [(0, 7), (3, 141), (70, 141), (141, 141)])
def test_wilson_is_that_of_scipy(hits: int, total: int) -> None:
    """The same bounds as the field's own library."""
    expected = binomtest(hits, total).proportion_ci(0.95, method="wilson")
    assert Rate(hits, total).interval() == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_a_rate_prints_its_counts() -> None:
    """A percentage never stands alone."""
    assert str(Rate(1, 4)).startswith("1/4 = 0.250 (")


def test_of_nothing_nothing_is_known() -> None:
    """No trials: no value, and the whole range as interval."""
    assert str(Rate(0, 0)) == "none"
    assert Rate(0, 0).interval() == (0.0, 1.0)


def test_a_rate_keeps_its_interval_in_json() -> None:
    """Counts and bounds serialise as they are, and come back so."""
    given = Rate(1, 4, 0.1, 0.9)
    text = json.dumps(asdict(given), allow_nan=False)
    assert json.loads(text) == {"hits": 1, "total": 4, "low": 0.1, "high": 0.9}
    assert TypeAdapter(Rate).validate_json(text) == given


def test_one_run_a_unit_gives_wilsons_interval() -> None:
    """Independent trials need nothing else."""
    hits = np.arange(20) < 3
    assert rate(hits, np.ones(20, dtype=bool), np.arange(20)) == Rate(3, 20)


def test_only_what_is_asked_for_counts() -> None:
    """Hits outside `among` count neither as hits nor as trials, in two dimensions too."""
    hits = np.array([[True, True], [False, True]])
    among = np.array([[True, False], [True, True]])
    found = rate(hits, among, np.array([0, 1]))
    assert (found.hits, found.total) == (2, 3)


def clustered(hits_of_units: list[int], runs: int) -> Rate:
    """A rate of units with so many hits each in so many runs."""
    hits = np.concatenate([np.arange(runs) < hits for hits in hits_of_units])
    return rate(hits, np.ones(len(hits), dtype=bool), np.repeat(np.arange(len(hits_of_units)), runs))


def test_runs_that_always_agree_count_about_once() -> None:
    """12 units, 10 of 10 each: with one unit that always and one that never hits the share is 13/14, and 14 units
    of all or nothing are worth 13 trials, 12/14 of them the units' own: 11.14, not 120.
    """
    assert clustered([10] * 12, 10).interval() == pytest.approx(wilson(1.0, 13 * 12 / 14))


def test_runs_that_scatter_alike_count_nearly_each() -> None:
    """12 units, 5 of 10 each: the two added units alone differ, 50 / 4 * 14 / 13 / 140^2 of variance: 78 of 120."""
    assert clustered([5] * 12, 10).interval() == pytest.approx(wilson(0.5, 78))


def test_units_without_a_trial_do_not_count() -> None:
    """The good products of a kit say nothing about the detection rate: neither its count nor its interval."""
    units = np.repeat(np.arange(24), 2)
    hits, defective = units % 3 == 0, units >= 12
    assert rate(hits, defective, units) == rate(hits[24:], defective[24:], units[:24])


def test_one_unit_says_little_in_any_number_of_runs() -> None:
    """100 runs of one unit leave more than half of the range open."""
    low, high = clustered([100], 100).interval()
    assert low < 0.5
    assert high == 1.0


def test_the_interval_holds_the_truth_where_runs_are_alike() -> None:
    """120 units of 10 runs, each with its own chance around 0.02 (correlation 0.5): at least 90 % of 200 kits hold."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        low, high = clustered(rng.binomial(10, rng.beta(0.02, 0.98, 120)).tolist(), 10).interval()
        held += low <= 0.02 <= high
    assert held >= 180


def test_resamples_draw_units_with_replacement() -> None:
    """Each resample has as many units as there are; the same again from the same seed; nobody can change them."""
    weights = resampled(30, resamples=200)
    assert weights.shape == (200, 30)
    assert (weights.sum(axis=1) == 30).all()
    assert weights.std() > 0.5
    assert not (weights == resampled(30, resamples=200, seed=2)).all()
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1
