"""Counts of one lot as its strips come, and how rejects and latency went over time. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from stripsight.hmi.strip import Outcome, Strip

INTERVAL_S = 10
KEPT = 180  # half an hour


@dataclass(frozen=True)
class Interval:
    """The strips of ten seconds: how many were judged and rejected, and the slowest answer in ms."""

    start_s: int
    judged: int = 0
    rejected: int = 0
    slowest_ms: float = 0.0

    def add(self, strip: Strip) -> "Interval":
        """Return the interval with one strip more."""
        return replace(
            self,
            judged=self.judged + 1,
            rejected=self.rejected + (strip.outcome is Outcome.REJECT),
            slowest_ms=max(self.slowest_ms, strip.latency_ms),
        )


@dataclass(frozen=True)
class Tally:
    """What was counted of a lot. `places` counts rejects by vial and region; one strip may count in several."""

    lot_id: str = ""
    accepted: int = 0
    rejected: int = 0
    refused: int = 0
    places: Counter[tuple[str, str]] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    intervals: tuple[Interval, ...] = ()
    last_seq: int = 0
    complete: bool = True

    @property
    def judged(self) -> int:
        """Strips with a verdict."""
        return self.accepted + self.rejected

    @property
    def most(self) -> int:
        """The rejects of the region with most of them."""
        return max(self.places.values(), default=0)

    def add(self, strip: Strip) -> "Tally":
        """Return the tally with one strip more; a strip of another lot begins anew, one counted before is left out."""
        if strip.record_seq <= self.last_seq:
            return self
        if strip.lot_id != self.lot_id:
            return Tally(lot_id=strip.lot_id, intervals=self.intervals, last_seq=self.last_seq).add(strip)
        counted = replace(self, last_seq=strip.record_seq)
        if strip.outcome is Outcome.REFUSED:
            return replace(counted, refused=self.refused + 1, causes=self.causes + Counter(strip.causes))
        counted = replace(counted, intervals=_in_time(self.intervals, strip))
        if strip.outcome is Outcome.ACCEPT:
            return replace(counted, accepted=self.accepted + 1)
        return replace(
            counted,
            rejected=self.rejected + 1,
            places=self.places + Counter((one.vial, one.region) for one in strip.failed),
            causes=self.causes + Counter(strip.causes),
        )


def tally_of(strips: Iterable[Strip], *, complete: bool) -> Tally:
    """Count strips, oldest first. `complete` tells whether the lot's first strip is among them."""
    tally = Tally()
    for strip in strips:
        tally = tally.add(strip)
    return replace(tally, complete=complete)


def interval_start(moment: datetime) -> int:
    """Return the beginning of the interval that holds a moment, in seconds since 1970."""
    return int(moment.timestamp()) // INTERVAL_S * INTERVAL_S


def _in_time(intervals: tuple[Interval, ...], strip: Strip) -> tuple[Interval, ...]:
    start = interval_start(strip.recorded_at)
    if intervals and intervals[-1].start_s >= start:  # a clock that was set back does not open old intervals
        return (*intervals[:-1], intervals[-1].add(strip))
    kept = [one for one in intervals if one.start_s > start - KEPT * INTERVAL_S]
    return (*kept, Interval(start).add(strip))
