"""Thresholds of every rank."""

import numpy as np
import pytest

from stripsight_lab.tune.ladder import (
    allowed,
    ladder,
    rank_for_balance,
    rank_for_false_rejects,
    rank_for_misses,
    rejected_by_rank,
)


def test_the_ladder_by_hand() -> None:
    """2 % above the largest, between neighbours, and at the smallest, each region on its own."""
    rungs = ladder(np.array([[1.0, 30.0], [4.0, 10.0], [2.0, 20.0]]))
    assert rungs == pytest.approx(np.array([[4.08, 30.6], [3.0, 25.0], [1.5, 15.0], [1.0, 10.0]]))


def test_each_rank_rejects_what_reaches_its_thresholds_in_any_region() -> None:
    """Counted rank by rank, also for a strip at a threshold, one without end and one below all."""
    rng = np.random.default_rng(3)
    rungs = ladder(rng.random((40, 3)))
    strips = np.vstack([rng.random((60, 3)) * 1.1, rungs[7], [[np.inf, 0, 0]], [[0, 0, 0]]])
    expected = [(strips >= rung).any(axis=1).sum() for rung in rungs]
    assert rejected_by_rank(strips, rungs).tolist() == expected


@pytest.mark.parametrize(("share", "total", "expected"), [(0.29, 100, 29), (0.03, 200, 6), (0.0, 50, 0), (0.5, 5, 2)])
def test_a_share_allows_whole_strips(share: float, total: int, expected: int) -> None:
    """Rounded down, but not because 0.29 * 100 is 28.999... in binary."""
    assert allowed(share, total) == expected


def test_the_highest_rank_within_the_target() -> None:
    """Of ranks with 0, 3, 3 and 5 rejects of 20, 15 % allow the third, a little less only the first."""
    counts = np.array([0, 3, 3, 5])
    assert rank_for_false_rejects(counts, 0.15, 20) == 2
    assert rank_for_false_rejects(counts, 0.14, 20) == 0


def test_the_lowest_rank_that_misses_few_enough() -> None:
    """Of ranks that find 5, 8, 8 and 9 of 10, 20 % of misses need the second."""
    counts = np.array([5, 8, 8, 9])
    assert rank_for_misses(counts, 0.2, 10) == 1
    with pytest.raises(ValueError, match="at most 0 of 10 at some rank, found 1"):
        rank_for_misses(counts, 0.0, 10)


def test_balance_takes_the_largest_gain_and_of_equals_the_one_that_finds_more() -> None:
    """Found of 4: 2 2 3 4; false rejects of 20: 0 5 4 10. Gains 0.5 0.25 0.55 0.5; with 5 instead of 4: 0.5 each."""
    found = np.array([2, 2, 3, 4])
    assert rank_for_balance(np.array([0, 5, 4, 10]), 20, found, 4) == 2
    assert rank_for_balance(np.array([0, 5, 5, 10]), 20, found, 4) == 3
