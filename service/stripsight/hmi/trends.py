"""Reject rate and latency over the last half hour, as bars in a unit square. Pure."""

from dataclasses import dataclass

from stripsight.hmi.tally import INTERVAL_S, KEPT, Interval
from stripsight.hmi.words import share

_RATE_TOP = 0.05  # a scale that jumps at the first reject would cry wolf


@dataclass(frozen=True)
class Bar:
    """A bar: its left edge and height, 0 to 1, and whether it passes the line."""

    left: float
    height: float
    over: bool = False


@dataclass(frozen=True)
class Trend:
    """A chart: bars over `KEPT` intervals, the value at its top, and the line to compare with (0: none)."""

    title: str
    now: str
    top: str
    bars: tuple[Bar, ...]
    line: float = 0.0
    line_title: str = ""

    @property
    def width(self) -> float:
        """Width of a bar."""
        return 1 / KEPT


def reject_rate(intervals: tuple[Interval, ...]) -> Trend:
    """Return rejected of judged in each interval."""
    rates = [one.rejected / one.judged for one in intervals]
    top = max([_RATE_TOP, *rates])
    judged, rejected = sum(one.judged for one in intervals), sum(one.rejected for one in intervals)
    bars = tuple(Bar(_left(one, intervals), rate / top) for one, rate in zip(intervals, rates, strict=True))
    return Trend("Reject rate, half an hour", share(rejected, judged), f"{100 * top:.0f} %", bars)


def latency(intervals: tuple[Interval, ...], slot_ms: int) -> Trend:
    """Return the slowest answer of each interval, against the slot in ms; 0 where that is not known."""
    top = max([1.0, slot_ms * 1.25, *(one.slowest_ms for one in intervals)])
    bars = tuple(
        Bar(_left(one, intervals), one.slowest_ms / top, bool(slot_ms) and one.slowest_ms >= slot_ms)
        for one in intervals
    )
    now = f"{intervals[-1].slowest_ms:.0f} ms" if intervals else "–"
    return Trend("Slowest answer", now, f"{top:.0f} ms", bars, slot_ms / top, f"slot {slot_ms} ms" if slot_ms else "")


def _left(interval: Interval, intervals: tuple[Interval, ...]) -> float:
    begin = intervals[-1].start_s - (KEPT - 1) * INTERVAL_S
    return (interval.start_s - begin) / INTERVAL_S / KEPT
