"""Appends to the chain. What `append` returns for is committed and synced; what it raises for is never tried again."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import SQLAlchemyError

from stripsight.errors import RecordError
from stripsight.journal import database
from stripsight.journal.canonical import parse
from stripsight.journal.chain import Link, genesis
from stripsight.journal.head import Head
from stripsight.journal.record import Entry, Event, EventKind, StripRecord
from stripsight.journal.tables import EVENTS, STRIPS, records, row_of
from stripsight.strip import StripKey

Body = StripRecord | Event


class Store:
    """The chain in its SQLite file. One thread at a time may append; any may find."""

    head_type = Head  # a seam for a crash between a commit and what follows it

    def __init__(self, folder: Path, engine: Engine, journal_id: str) -> None:
        """Go on after the last record. `engine` writes; its tables are there. Raises RecordError."""
        self.journal_id = journal_id
        self._engine = engine
        self._reader = database.reader(folder)
        self._broken = False
        try:
            self.link = last_link(engine, journal_id)
            self._head = self.head_type(folder, self.link)
        except (SQLAlchemyError, OSError) as error:
            raise _failed("read", error) from error

    def append(self, bodies: Sequence[Body], utc_us: int, monotonic_us: int) -> Link:
        """Append in one transaction and return the last place. Raises RecordError, and from then on always."""
        if self._broken:
            raise RecordError("the record has failed before; nothing is written any more")
        link, rows = self.link, []
        for body in bodies:
            entry = Entry(seq=link.seq + 1, utc_us=utc_us, monotonic_us=monotonic_us, body=body)
            row, link = row_of(entry, self.journal_id, link)
            rows.append(row)
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(records), rows)
            self._head.write(link)
        except Exception as error:  # whatever it was: after it, nobody knows what is on disk
            # After a failed sync the system may drop what it could not write and report success the next time.
            self._broken = True
            raise _failed("written", error) from error
        self.link = link
        return link

    def find(self, key: StripKey) -> tuple[Entry, Link, bool] | None:
        """Return what is on record about a strip, its place, and whether it was overruled. Raises RecordError."""
        c = records.c
        same = (c.lot_id == key.lot_id) & (c.strip_id == key.strip_id) & (c.strip_seq == key.strip_seq)
        overruling = select(c.seq).where(EVENTS, c.kind == EventKind.OVERRULED, same)
        try:
            with self._reader.connect() as connection:
                row = connection.execute(select(records).where(STRIPS, same)).mappings().first()
                overruled = row is not None and connection.execute(overruling).first() is not None
        except SQLAlchemyError as error:
            raise _failed("read", error) from error
        return None if row is None else (parse(row["form"]), Link(row["seq"], row["hash"]), overruled)

    def flush(self) -> None:
        """Bring log and head up to date on disk: between strips, since it takes long. Raises RecordError."""
        try:
            self._head.sync()
            database.flush_log(self._engine)
        except Exception as error:
            self._broken = True
            raise _failed("written", error) from error

    def close(self) -> None:
        """Close the files."""
        self._reader.dispose()
        self._engine.dispose()
        self._head.close()


def last_link(engine: Engine, journal_id: str) -> Link:
    """Return the last place of a chain."""
    query = select(records.c.seq, records.c.hash).where(records.c.journal_id == journal_id)
    with engine.connect() as connection:
        row = connection.execute(query.order_by(records.c.seq.desc()).limit(1)).first()
    return genesis(journal_id) if row is None else Link(*row)


def _failed(what: str, error: Exception) -> RecordError:
    return RecordError(f"the record could not be {what}: {getattr(error, 'orig', None) or error}")
