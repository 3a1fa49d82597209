"""The tables, the same in every database: the form and the hash of each record, and columns to search by."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, text

from stripsight.journal.canonical import form
from stripsight.journal.chain import Link, linked
from stripsight.journal.record import LOT_KINDS, Entry, EventKind, StripRecord

SCHEMA_VERSION = 1

metadata = MetaData()

meta = Table(
    "stripsight_journal",
    metadata,
    Column("journal_id", String(32), primary_key=True),
    Column("schema_version", Integer, nullable=False),
)

records = Table(
    "stripsight_record",
    metadata,
    Column("journal_id", String(32), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("utc_us", BigInteger, nullable=False),
    # Set for strips and for the events about one strip; the lot's also for the events about a lot.
    Column("lot_id", String(64)),
    Column("strip_id", String(64)),
    Column("strip_seq", BigInteger),
    Column("verdict", String(16)),
    Column("causes", String(256)),
    Column("form", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# The conditions of the indexes below: SQLite uses one only for a query that holds its condition word for word.
STRIPS = text("kind = 'strip'")
EVENTS = text("kind <> 'strip'")

Index(
    "stripsight_record_strip",
    records.c.lot_id,
    records.c.strip_id,
    records.c.strip_seq,
    records.c.journal_id,
    unique=True,
    sqlite_where=STRIPS,
    postgresql_where=STRIPS,
)
Index("stripsight_record_event", records.c.kind, sqlite_where=EVENTS)

Row = Mapping[str, Any]


def columns(entry: Entry) -> dict[str, Any]:
    """Return the columns that follow from an entry; the rest are its form, its hash and the journal's id."""
    body = entry.body
    found: dict[str, Any] = {
        "seq": entry.seq,
        "kind": str(body.kind),
        "utc_us": entry.utc_us,
        "lot_id": None,
        "strip_id": None,
        "strip_seq": None,
        "verdict": None,
        "causes": None,
    }
    if isinstance(body, StripRecord):
        found |= {"lot_id": body.lot_id, "strip_id": body.strip_id, "strip_seq": body.strip_seq}
        found |= {"verdict": str(body.verdict), "causes": " ".join(body.causes)}
    elif body.kind in LOT_KINDS:
        found["lot_id"] = body.facts.get("lot_id")
    elif body.kind is EventKind.OVERRULED:
        found |= {name: body.facts.get(name) for name in ("lot_id", "strip_id", "strip_seq")}
    return found


def row_of(entry: Entry, journal_id: str, before: Link) -> tuple[dict[str, Any], Link]:
    """Return the row of an entry that follows `before`, and its own place."""
    data = form(entry)
    link = linked(before, data)
    return columns(entry) | {"journal_id": journal_id, "form": data, "hash": link.hash}, link
