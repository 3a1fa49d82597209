"""Which records are looked for, as conditions on rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, TextClause, and_, false, or_

from stripsight.journal.record import Outcome
from stripsight.journal.tables import EVENTS, STRIPS, records
from stripsight.verdict import Cause

Condition = ColumnElement[Any] | TextClause

STRIP = "strip"
_LAST = "\U0010ffff"  # sorts behind all that may follow a prefix


@dataclass(frozen=True)
class Wanted:
    """Which records to look for; what is None or empty does not matter. Times are in microseconds since 1970."""

    kinds: tuple[str, ...] = ()
    lot_id: str | None = None
    strip_id: str | None = None
    verdict: str | None = None
    cause: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    strip_id_prefix: str | None = None

    def conditions(self) -> Iterator[Condition]:
        """Yield what rows must fulfil."""
        yield from self._whatever_the_answer()
        c = records.c
        if self.verdict is not None:
            yield c.verdict == self.verdict
        if self.cause is not None:
            yield (" " + c.causes + " ").contains(f" {self.cause} ", autoescape=True)

    def as_answered(self, overruled: tuple[int, ...]) -> Iterator[Condition]:
        """Yield what rows must fulfil when those with the numbers in `overruled` were answered REJECT, LATE."""
        yield from self._whatever_the_answer()
        c = records.c
        late = c.seq.in_(overruled) if overruled else false()
        if self.verdict is not None:
            same = c.verdict == self.verdict
            yield or_(same, late) if self.verdict == Outcome.REJECT else and_(same, ~late)
        if self.cause is not None:
            same = (" " + c.causes + " ").contains(f" {self.cause} ", autoescape=True)
            yield or_(same, late) if self.cause == Cause.LATE else same

    def _whatever_the_answer(self) -> Iterator[Condition]:
        c = records.c
        if self.kinds:
            yield c.kind.in_(self.kinds)
        if self.kinds == (STRIP,):
            yield STRIPS
        elif self.kinds and STRIP not in self.kinds:
            yield EVENTS
        for column, value in ((c.lot_id, self.lot_id), (c.strip_id, self.strip_id)):
            if value is not None:
                yield column == value
        if self.strip_id_prefix is not None:
            yield c.strip_id.between(self.strip_id_prefix, self.strip_id_prefix + _LAST)
        if self.since_us is not None:
            yield c.utc_us >= self.since_us
        if self.until_us is not None:
            yield c.utc_us < self.until_us
