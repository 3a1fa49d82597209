"""One step of the copy: rows of the local record into the same table of another database. Idempotent.

How far the copy has come is asked of the copy itself, so nothing about it is kept here, and a commit whose answer was
lost is neither lost nor repeated.
"""

from sqlalchemy import Engine, func, insert, select

from stripsight.journal.chain import Link, genesis
from stripsight.journal.store import last_link
from stripsight.journal.tables import meta, metadata, records

# Any number that nobody else uses for a lock of that database.
_MAKING_TABLES = 0x5354524950


class Diverged(Exception):
    """The copy holds another record where the local one was, or more than there ever was."""


def prepare(local: Engine, copy: Engine, journal_id: str) -> Link:
    """Make the tables where they are missing; return the last place that the copy has. Raises Diverged."""
    make_tables(copy)
    with copy.begin() as connection:
        if connection.execute(select(meta).where(meta.c.journal_id == journal_id)).first() is None:
            with local.connect() as here:
                row = here.execute(select(meta).where(meta.c.journal_id == journal_id)).mappings().one()
            connection.execute(insert(meta), dict(row))
    link = last_link(copy, journal_id)
    found = _place(local, journal_id, link.seq)
    if found != link:
        there = "no such record" if found is None else f"hash {found.hash.hex()}"
        raise Diverged(f"record {link.seq}: expected hash {link.hash.hex()}, as in the copy, found {there}")
    return link


def make_tables(copy: Engine) -> None:
    """Make the tables where they are missing. PostgreSQL refuses the second of two who make the same at once."""
    with copy.begin() as connection:
        if copy.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MAKING_TABLES)))
        metadata.create_all(connection)


def copy_batch(local: Engine, copy: Engine, journal_id: str, after: Link, rows_max: int) -> Link:
    """Copy the next rows in one transaction; return the last place that the copy then has."""
    c = records.c
    query = select(records).where(c.journal_id == journal_id, c.seq > after.seq).order_by(c.seq).limit(rows_max)
    with local.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    if not rows:
        return after
    with copy.begin() as connection:
        connection.execute(insert(records), rows)
    return Link(rows[-1]["seq"], rows[-1]["hash"])


def _place(local: Engine, journal_id: str, seq: int) -> Link | None:
    if seq == 0:
        return genesis(journal_id)
    query = select(records.c.seq, records.c.hash).where(records.c.journal_id == journal_id, records.c.seq == seq)
    with local.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else Link(*row)
