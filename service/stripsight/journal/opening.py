"""Opening the record of a service: make it, or look at how the last service left it. Damage is left as it is."""

import fcntl
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import SQLAlchemyError

from stripsight.ed25519 import PrivateKey
from stripsight.errors import RecordError, RecordsDamaged, RecordsInUse
from stripsight.journal import database, keys
from stripsight.journal.chain import Link, genesis
from stripsight.journal.head import read_head
from stripsight.journal.record import EventKind
from stripsight.journal.store import Store
from stripsight.journal.tables import SCHEMA_VERSION, Row, meta, metadata, records
from stripsight.journal.verify import Verifier

LOCK = "lock"
Facts = dict[str, str | int | float]


class Opened(NamedTuple):
    """A store that goes on where the last service stopped. `found` are facts of a recovery, None after a clean end."""

    store: Store
    key: PrivateKey
    lock: int
    found: Facts | None


def open_store(folder: Path, lost_max: int) -> Opened:
    """Take the directory, which is made when it is missing, and open the record in it.

    A crash may cost the tail of the log: up to `lost_max` records, which the recovery names. Raises RecordsInUse when
    another service has the directory, RecordsDamaged when more is wrong with what is there, and RecordError when it
    cannot be read or written.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        lock = _locked(folder)
        try:
            return _opened(folder, lock, lost_max)
        except BaseException:
            os.close(lock)
            raise
    except SQLAlchemyError as error:
        raise RecordsDamaged(f"{folder}: expected a record, found: {getattr(error, 'orig', error)}") from error
    except OSError as error:
        raise RecordError(f"{folder}: expected a directory to keep the record in, found: {error}") from error


def _locked(folder: Path) -> int:
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise RecordsInUse(f"{folder}: another service keeps its record here") from error
    return lock


def _opened(folder: Path, lock: int, lost_max: int) -> Opened:
    head = read_head(folder)
    engine = database.writer(folder)
    if head is None:
        metadata.create_all(engine)
        _sync(folder)
    journal_id = _journal_id(engine)
    if journal_id is None:
        # The key first: a record without a key could not go on, a key without a record harms nobody.
        key = keys.load_key(folder) if (folder / keys.PRIVATE).exists() else keys.make_key(folder)
        return Opened(Store(folder, engine, _begun(engine)), key, lock, None)
    key = keys.load_key(folder)
    found = _looked_over(engine, journal_id, key, head, lost_max)
    return Opened(Store(folder, engine, journal_id), key, lock, found)


def _journal_id(engine: Engine) -> str | None:
    with engine.connect() as connection:
        row = connection.execute(select(meta)).first()
    if row is not None and row.schema_version != SCHEMA_VERSION:
        raise RecordsDamaged(f"expected a record of version {SCHEMA_VERSION}, found version {row.schema_version}")
    return None if row is None else str(row.journal_id)


def _begun(engine: Engine) -> str:
    journal_id = uuid.uuid4().hex
    with engine.begin() as connection:
        connection.execute(insert(meta).values(journal_id=journal_id, schema_version=SCHEMA_VERSION))
    return journal_id


def _looked_over(engine: Engine, journal_id: str, key: PrivateKey, head: Link | None, lost_max: int) -> Facts | None:
    """Verify from the last checkpoint on; return what is worth an event."""
    before, rows = _since_checkpoint(engine, journal_id)
    verifier = Verifier(journal_id, key.public_key(), before, [] if head is None else [head])
    fault = verifier.walk(rows)
    last = verifier.link
    lost = 0 if head is None else max(0, head.seq - last.seq)
    torn = (
        fault is not None and fault.seq == last.seq + 1 and 0 < lost <= lost_max and len(rows) == last.seq - before.seq
    )
    if fault is not None and not torn:
        raise RecordsDamaged(f"the record is damaged; {fault}. Keep this directory aside and name another one")
    facts: Facts = {"seq": last.seq, "hash": last.hash.hex()}
    if head is None:
        return facts | {"head": "none"}
    if lost:
        return facts | {"lost": lost, "head_seq": head.seq, "head_hash": head.hash.hex()}
    return None if _ended(engine, journal_id) else facts


def _since_checkpoint(engine: Engine, journal_id: str) -> tuple[Link, Sequence[Row]]:
    c = records.c
    mine = c.journal_id == journal_id
    last = select(c.seq).where(mine, c.kind == str(EventKind.CHECKPOINT)).order_by(c.seq.desc()).limit(1)
    with engine.connect() as connection:
        seq = connection.execute(last).scalar() or 1
        found = connection.execute(select(records).where(mine, c.seq >= seq).order_by(c.seq)).mappings()
        rows = [dict(row) for row in found]
        before = connection.execute(select(c.seq, c.hash).where(mine, c.seq == seq - 1)).first()
    return genesis(journal_id) if before is None else Link(*before), rows


def _ended(engine: Engine, journal_id: str) -> bool:
    """Tell whether the last service closed the record: its last words are a stop and its checkpoint."""
    kinds = select(records.c.kind).where(records.c.journal_id == journal_id).order_by(records.c.seq.desc()).limit(2)
    with engine.connect() as connection:
        return list(connection.scalars(kinds)) in ([], [str(EventKind.CHECKPOINT), str(EventKind.STOP)])


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
