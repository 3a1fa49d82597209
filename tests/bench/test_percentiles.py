"""Percentiles and their intervals."""

import math

import numpy as np
import pytest
from stripbench.percentiles import percentiles, ratio, slope


def test_percentiles_are_measured_values() -> None:
    """Of 1 to 1000 the p50 is the 500th, the p99 the 990th, the p99.9 the 999th: each was measured."""
    found = percentiles([float(value) for value in range(1000, 0, -1)])
    assert found == {"p50": 500.0, "p90": 900.0, "p99": 990.0, "p99.9": 999.0, "max": 1000.0}


def test_no_values_have_no_percentiles() -> None:
    """A stage that never ran shows as not a number."""
    assert all(math.isnan(value) for value in percentiles([]).values())


def test_ratio_of_medians_has_its_interval_around_it() -> None:
    """Twice the times give a ratio of 2; the interval holds it and leaves 1 out."""
    below = np.random.default_rng(0).normal(100, 5, 200).tolist()
    found = ratio([2 * value for value in below], below, 0.5)
    assert found.value == pytest.approx(2)
    assert 1.9 < found.low < 2 < found.high < 2.1


def test_few_strips_make_a_wide_interval() -> None:
    """Ten strips tell less than a thousand."""
    draw = np.random.default_rng(0).normal
    widths = []
    for count in (10, 1000):
        found = ratio(draw(100, 10, count).tolist(), draw(100, 10, count).tolist(), 0.5)
        widths.append(found.high - found.low)
    assert widths[0] > 3 * widths[1]


def test_slope_is_per_thousand_strips() -> None:
    """Half a MiB a strip is 500 MiB per thousand, however noisy."""
    noise = np.random.default_rng(0).normal(0, 1, 2000)
    found = slope([0.5 * strip + wobble for strip, wobble in enumerate(noise)])
    assert found.value == pytest.approx(500, rel=0.01)
    assert found.low < 500 < found.high


def test_one_slow_strip_is_no_slope() -> None:
    """What is level but for one outlier stays level."""
    found = slope([100.0] * 999 + [100_000.0])
    assert found.value == found.low == found.high == 0


def test_slope_of_one_value_is_refused() -> None:
    """A single strip has no slope."""
    with pytest.raises(ValueError, match="at least two, found 1"):
        slope([1.0])
