"""Reading a record from outside the service that keeps it: verify, search, one strip, a lot."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import SQLAlchemyError

from stripsight.errors import RecordError, RecordsDamaged
from stripsight.journal import database, keys
from stripsight.journal.canonical import NotCanonical, parse
from stripsight.journal.chain import Link, genesis
from stripsight.journal.head import read_head
from stripsight.journal.record import Entry, Event, EventKind
from stripsight.journal.tables import Row, meta, records
from stripsight.journal.verify import Fault, Verifier

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
class Wanted:
    """Which records to look for; what is None or empty does not matter. Times are in microseconds since 1970."""

    kinds: tuple[str, ...] = ()
    lot_id: str | None = None
    strip_id: str | None = None
    verdict: str | None = None
    cause: str | None = None
    since_us: int | None = None
    until_us: int | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what rows must fulfil."""
        c = records.c
        for column, value in ((c.lot_id, self.lot_id), (c.strip_id, self.strip_id), (c.verdict, self.verdict)):
            if value is not None:
                yield column == value
        if self.kinds:
            yield c.kind.in_(self.kinds)
        if self.cause is not None:
            yield (" " + c.causes + " ").contains(f" {self.cause} ", autoescape=True)
        if self.since_us is not None:
            yield c.utc_us >= self.since_us
        if self.until_us is not None:
            yield c.utc_us < self.until_us


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
        head = read_head(self._folder)  # before the rows: a service may go on writing
        if head is None:
            missing = Fault(1, "the file head with the last record's place", "none")
            return Checked(missing, genesis(self.journal_id), genesis(self.journal_id))
        verifier = Verifier(self.journal_id, key, genesis(self.journal_id), [head, *witnesses])
        fault = verifier.walk(self._rows(select(records).order_by(records.c.seq)))
        return Checked(fault, verifier.link, verifier.signed)

    def find(self, wanted: Wanted, limit: int | None = None) -> list[Kept]:
        """Return the records that are wanted, oldest first; with a limit the latest of them."""
        query = select(records).where(*wanted.conditions()).order_by(records.c.seq.desc()).limit(limit)
        return [_kept(row) for row in self._rows(query)][::-1]

    def at(self, seq: int) -> Kept | None:
        """Return the record with a number."""
        rows = list(self._rows(select(records).where(records.c.seq == seq)))
        return _kept(rows[0]) if rows else None

    def overruled(self) -> set[int]:
        """Return the numbers of the records whose verdict left too late, as a reject with LATE."""
        found = self.find(Wanted(kinds=(EventKind.OVERRULED,)))
        return {int(kept.entry.body.facts["seq"]) for kept in found if isinstance(kept.entry.body, Event)}

    def _rows(self, query: Select[tuple[object, ...]]) -> Iterator[Row]:
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


def _kept(row: Row) -> Kept:
    try:
        return Kept(parse(bytes(row["form"])), Link(row["seq"], bytes(row["hash"])))
    except NotCanonical as error:
        raise RecordsDamaged(f"record {row['seq']}: expected the form of a record, found {error}") from error
