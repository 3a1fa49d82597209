"""Reading a record from outside the service that keeps it: verify, search, one strip, a lot."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import ColumnElement, Executable, func, literal, select
from sqlalchemy.exc import SQLAlchemyError

from stripsight.errors import RecordError, RecordsDamaged
from stripsight.journal import database, keys
from stripsight.journal.canonical import NotCanonical, parse
from stripsight.journal.chain import Link, genesis
from stripsight.journal.head import read_head
from stripsight.journal.record import Entry, Event, EventKind
from stripsight.journal.tables import EVENTS, STRIPS, Row, meta, records
from stripsight.journal.verify import Fault, Verifier
from stripsight.journal.wanted import STRIP, Wanted
from stripsight.strip import StripKey

__all__ = ["Checked", "Kept", "Page", "Reader", "Wanted"]

# A shift's worth at two strips a second: a tenth of a second on one slow core.
ROWS_A_PAGE = 50_000
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Checked:
    """What a verification came to. `fault` is None for a good record; `signed` is the last place under a checkpoint."""

    fault: Fault | None
    last: Link
    signed: Link


@dataclass(frozen=True)
class Kept:
    """An entry and its place."""

    entry: Entry
    link: Link


@dataclass(frozen=True)
class Page:
    """Strips on record, the latest first, and whether each was overruled: its verdict left as a reject with LATE.

    `before` is where the next page begins; None when there is nothing before this one.
    """

    kept: tuple[tuple[Kept, bool], ...]
    before: int | None


class Reader:
    """A record that is only read, also while a service writes it. Each method raises RecordError."""

    def __init__(self, folder: Path) -> None:
        """Open the record in `folder`."""
        if not (folder / database.NAME).is_file():
            raise RecordError(f"{folder}: expected a record ({database.NAME}), found none")
        self._folder = folder
        self._engine = database.reader(folder)
        with self._errors(), self._engine.connect() as connection:
            found = connection.execute(select(meta)).first()
        if found is None:
            raise RecordsDamaged(f"{folder}: expected a record that was begun, found an empty one")
        self.journal_id = str(found.journal_id)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def verify(self, public_key: Path | None = None, witnesses: Iterable[Link] = ()) -> Checked:
        """Verify every record; `public_key` is the one beside the record unless given."""
        key = keys.load_public(public_key or self._folder / keys.PUBLIC)
        head = self._head()  # before the rows: a service may go on writing
        if head is None:
            missing = Fault(1, "the file head with the last record's place", "none")
            return Checked(missing, genesis(self.journal_id), genesis(self.journal_id))
        verifier = Verifier(self.journal_id, key, genesis(self.journal_id), [head, *witnesses])
        fault = verifier.walk(self._rows(select(records).order_by(records.c.seq)))
        return Checked(fault, verifier.link, verifier.signed)

    def _head(self) -> Link | None:
        try:
            return read_head(self._folder)
        except OSError as error:
            raise RecordError(f"{self._folder}: expected a readable head, found: {error}") from error

    def find(self, wanted: Wanted, limit: int | None = None) -> list[Kept]:
        """Return the records that are wanted, oldest first; with a limit the latest of them."""
        query = select(records).where(self._own, *wanted.conditions()).order_by(records.c.seq.desc()).limit(limit)
        return [_kept(row) for row in self._rows(query)][::-1]

    def numbers(self, wanted: Wanted) -> list[int]:
        """Return the numbers of the records that are wanted, ascending. Their forms are not read."""
        query = select(records.c.seq).where(self._own, *wanted.conditions()).order_by(records.c.seq)
        return [row["seq"] for row in self._rows(query)]

    def at(self, seq: int) -> Kept | None:
        """Return the record with a number."""
        rows = list(self._rows(select(records).where(self._own, records.c.seq == seq)))
        return _kept(rows[0]) if rows else None

    def strip(self, key: StripKey) -> Kept | None:
        """Return the record of a strip."""
        rows = list(self._rows(select(records).where(STRIPS, _of(key))))
        return _kept(rows[0]) if rows else None

    def is_overruled(self, key: StripKey) -> bool:
        """Tell whether the verdict on record left too late, as a reject with LATE."""
        overruling = select(records).where(EVENTS, records.c.kind == EventKind.OVERRULED, _of(key))
        return bool(list(self._rows(overruling)))

    def page(self, wanted: Wanted, count: int, before: int | None = None) -> Page:
        """Return at most `count` strips that are wanted, the latest first, with numbers below `before`.

        No more than `ROWS_A_PAGE` records are looked at, so a page may hold fewer, or none, and not be the last.
        """
        c = records.c
        first, last = self._ends(wanted.lot_id)
        top = last + 1 if before is None else min(before, last + 1)
        bottom = max(first, top - ROWS_A_PAGE)
        overruled = self.overruled(bottom)
        conditions = replace(wanted, kinds=(STRIP,)).as_answered(tuple(overruled))
        query = select(records).where(self._own, c.seq >= bottom, c.seq < top, *conditions)
        found = [_kept(row) for row in self._rows(query.order_by(c.seq.desc()).limit(count))]
        seen = found[-1].link.seq if len(found) == count else bottom
        return Page(tuple((kept, kept.link.seq in overruled) for kept in found), seen if seen > first else None)

    def overruled(self, since: int = 1) -> set[int]:
        """Return the numbers, from `since` on, of the records whose verdict left too late, as a reject with LATE."""
        query = select(records).where(EVENTS, records.c.kind == EventKind.OVERRULED, records.c.seq > since)
        found = [_kept(row) for row in self._rows(query)]
        numbers = {int(kept.entry.body.facts["seq"]) for kept in found if isinstance(kept.entry.body, Event)}
        return {seq for seq in numbers if seq >= since}

    def outcomes(self, lot_id: str, after_seq: int) -> Iterator[tuple[int, str, str]]:
        """Yield number, strip id and verdict of a lot's strips with records after `after_seq`, in their order.

        Of a lot of a day that is 170,000: their forms are not read.
        """
        c = records.c
        query = select(c.seq, c.strip_id, c.verdict).where(STRIPS, c.lot_id == lot_id, c.seq > after_seq)
        for row in self._rows(query.order_by(c.seq)):
            yield row["seq"], row["strip_id"], row["verdict"]

    @property
    def _own(self) -> ColumnElement[bool]:
        return records.c.journal_id == self.journal_id

    def _ends(self, lot_id: str | None) -> tuple[int, int]:
        """Return the numbers of the first and last record, or of the first and last strip of a lot; 1, 0 for none."""
        c = records.c
        last = func.max(c.seq).label("last")
        if lot_id is None:  # without the least number, which would have SQLite walk along all of them
            query = select(literal(1).label("first"), last).where(self._own)
        else:
            query = select(func.min(c.seq).label("first"), last).where(STRIPS, c.lot_id == lot_id)
        row = next(self._rows(query))
        return (1, 0) if row["last"] is None else (row["first"], row["last"])

    def _rows(self, query: Executable) -> Iterator[Row]:
        with self._errors(), self._engine.connect() as connection:
            streamed = connection.execution_options(yield_per=_ROWS_AT_ONCE)
            for row in streamed.execute(query).mappings():
                yield dict(row)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            found = getattr(error, "orig", None) or error
            raise RecordsDamaged(f"{self._folder}: expected a record, found: {found}") from error


def _of(key: StripKey) -> ColumnElement[bool]:
    c = records.c
    return (c.lot_id == key.lot_id) & (c.strip_id == key.strip_id) & (c.strip_seq == key.strip_seq)


def _kept(row: Row) -> Kept:
    try:
        return Kept(parse(bytes(row["form"])), Link(row["seq"], bytes(row["hash"])))
    except NotCanonical as error:
        raise RecordsDamaged(f"record {row['seq']}: expected the form of a record, found {error}") from error
