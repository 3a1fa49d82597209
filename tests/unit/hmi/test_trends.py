"""The charts over time."""

import pytest

from stripsight.hmi import trends
from stripsight.hmi.tally import INTERVAL_S, KEPT, Interval

TWO = (Interval(0, judged=20, rejected=5, slowest_ms=220.0), Interval(10 * INTERVAL_S, 20, 1, 510.0))


def test_the_latest_interval_stands_at_the_right() -> None:
    """Each at its time, also with a gap between."""
    bars = trends.reject_rate(TWO).bars
    assert bars[-1].left == pytest.approx(1 - 1 / KEPT)
    assert bars[-1].left - bars[0].left == pytest.approx(10 / KEPT)


def test_the_rate_fills_its_scale() -> None:
    """The greatest reaches the top, which is never below 5 %: one reject is no peak."""
    chart = trends.reject_rate(TWO)
    assert (chart.now, chart.top, [bar.height for bar in chart.bars]) == ("15.0 %", "25 %", [1.0, pytest.approx(0.2)])
    assert trends.reject_rate((Interval(0, 100, 1, 1.0),)).bars[0].height == pytest.approx(0.2)


def test_latency_is_shown_against_the_slot() -> None:
    """The slot is a line, and what reaches it is marked."""
    chart = trends.latency(TWO, 500)
    assert chart.line == pytest.approx(500 / 625)
    assert ([bar.over for bar in chart.bars], chart.now) == ([False, True], "510 ms")


def test_without_strips_there_is_nothing_to_show() -> None:
    """No bars, and dashes for numbers."""
    assert (trends.reject_rate(()).bars, trends.reject_rate(()).now, trends.latency((), 0).now) == ((), "–", "–")
