"""Comparing shares of strips with the bundle's baseline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripsight.drift.compare import deviation


def _one(hits: int, total: int, expected_hits: int, expected_total: int) -> float:
    return float(deviation(np.array(hits), total, np.array(expected_hits), expected_total))


@given(st.integers(1, 3000), st.integers(1, 3000), st.data())
def test_it_is_zero_for_equals_and_turns_its_sign_with_the_sides(total: int, other: int, data: st.DataObject) -> None:
    """The same counts deviate by nothing; exchanging the two sides, or hits and misses, only turns the sign."""
    hits, others = data.draw(st.integers(0, total)), data.draw(st.integers(0, other))
    found = _one(hits, total, others, other)
    assert _one(hits, total, hits, total) == 0
    assert found == pytest.approx(-_one(others, other, hits, total), abs=1e-9)
    assert found == pytest.approx(-_one(total - hits, total, other - others, other), abs=1e-9)


@given(st.integers(2, 1000), st.integers(1, 1000), st.data())
def test_more_hits_deviate_more(total: int, other: int, data: st.DataObject) -> None:
    """One hit more lies higher."""
    hits, others = data.draw(st.integers(0, total - 1)), data.draw(st.integers(0, other))
    assert _one(hits + 1, total, others, other) > _one(hits, total, others, other)


def test_nothing_seen_says_nothing() -> None:
    """Without strips the deviation is 0."""
    assert _one(0, 0, 12, 400) == 0


@pytest.mark.parametrize("share", [0.03, 0.1, 0.5])
def test_chance_alone_has_the_spread_that_it_claims(share: float) -> None:
    """Two samples of one share: the deviation's standard deviation is 1, rare hits included."""
    random = np.random.default_rng(3)
    found = [_one(random.binomial(2000, share), 2000, random.binomial(400, share), 400) for _ in range(4000)]
    assert np.mean(found) == pytest.approx(0, abs=0.1)
    assert np.std(found) == pytest.approx(1, abs=0.08)
