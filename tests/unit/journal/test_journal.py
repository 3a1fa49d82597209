"""The journal while it is written: on disk before it returns, failing once and for all, signed by the way."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from stripsight.errors import RecordError, RecordsInUse
from stripsight.journal.database import NAME
from stripsight.journal.head import read_head
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import Event, EventKind, StripRecord
from stripsight.strip import StripKey

Open = Callable[..., Journal]
Make = Callable[..., StripRecord]


def events(folder: Path) -> list[Event]:
    """Return the events on record."""
    return [kept.entry.body for kept in read(folder) if isinstance(kept.entry.body, Event)]


def read(folder: Path) -> list[Any]:
    """Return all that is on record, after a look whether it is good."""
    reader = Reader(folder)
    assert reader.verify().fault is None
    found = reader.find(Wanted())
    reader.close()
    return found


@contextmanager
def failing(name: str, error: Exception) -> Iterator[list[int]]:
    """Let every transaction fail at one of SQLAlchemy's events; yields a list that grows with each attempt."""
    attempts: list[int] = []

    def fail(*_: object) -> None:
        attempts.append(1)
        raise error

    event.listen(Engine, name, fail)
    try:
        yield attempts
    finally:
        event.remove(Engine, name, fail)


def test_what_is_returned_is_committed(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """Another process's view of the file has the record, and the head names it, when its place is known."""
    journal = open_journal(tmp_path)
    other = sqlite3.connect(tmp_path / NAME)
    for number in range(1, 4):
        link = journal.strip(a_record(number)).result()
        found = other.execute("SELECT hash FROM stripsight_record WHERE seq = ?", (link.seq,)).fetchone()
        assert found == (link.hash,)
        assert read_head(tmp_path) == link
    other.close()


def test_every_commit_is_synced(tmp_path: Path, open_journal: Open) -> None:
    """The connection that commits has synchronous FULL and a write-ahead log that no commit copies back."""
    journal, seen = open_journal(tmp_path), []

    def look(connection: Connection) -> None:
        pragmas = ("journal_mode", "synchronous", "wal_autocheckpoint")
        seen.append([connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas])

    event.listen(Engine, "commit", look)
    try:
        journal.event(EventKind.DRAIN)
    finally:
        event.remove(Engine, "commit", look)
    assert seen == [["wal", 2, 0]]


def test_a_strip_is_found_by_its_key(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """With its place; another lot, strip or number is none of it; what was overruled is said to be."""
    journal = open_journal(tmp_path)
    link = journal.strip(a_record(3)).result()
    key = StripKey("L-1", "S-3", 3)
    found = journal.find(key)
    assert found is not None
    assert (found[0].body, found[1], found[2]) == (a_record(3), link, False)
    for stranger in (StripKey("L-2", "S-3", 3), StripKey("L-1", "S-4", 3), StripKey("L-1", "S-3", 4)):
        assert journal.find(stranger) is None
    journal.overrule(key, link.seq)
    journal.event(EventKind.DRAIN)
    found = journal.find(key)
    assert found is not None
    assert (found[0].body, found[1], found[2]) == (a_record(3), link, True)


def test_a_strip_has_one_record(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """A second one for the same key is refused by the database itself; the same number in another lot is not."""
    failures: list[RecordError] = []
    journal = open_journal(tmp_path, on_failure=failures.append)
    journal.strip(a_record(1)).result()
    journal.strip(a_record(1, lot_id="L-2")).result()
    with pytest.raises(RecordError, match="UNIQUE"):
        journal.strip(a_record(1, verdict="REJECT")).result()
    assert len(failures) == 1


def test_a_failed_commit_is_never_tried_again(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """It is told once, nothing is written any more, and what was written before is good."""
    failures: list[RecordError] = []
    journal = open_journal(tmp_path, on_failure=failures.append)
    journal.strip(a_record(1)).result()
    with failing("commit", sqlite3.OperationalError("disk I/O error")) as attempts:
        for number in (2, 3):
            with pytest.raises(RecordError):
                journal.strip(a_record(number)).result()
    with pytest.raises(RecordError, match="failed before"):
        journal.event(EventKind.DRAIN)
    assert (len(attempts), len(failures), journal.failed) == (1, 1, True)
    assert journal.close("RECORD") is False
    assert [kept.link.seq for kept in read(tmp_path)] == [1]


def test_a_failure_between_strips_is_told_too(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """A checkpoint that cannot be written stops the journal although no strip waits for it."""
    failures: list[RecordError] = []
    journal = open_journal(tmp_path, Policy(checkpoint_rows=1), on_failure=failures.append)
    path = tmp_path / NAME
    journal.strip(a_record(1)).result()
    with failing("commit", sqlite3.OperationalError("disk full")):
        journal.overrule(StripKey("L-1", "S-1", 1), 1)
        journal.close("RECORD")
    assert [error.reason for error in failures] == ["RECORD_FAILED"]
    assert path.exists()


def test_a_directory_has_one_service(tmp_path: Path, open_journal: Open) -> None:
    """The second is refused while the first is there, and not after."""
    first = open_journal(tmp_path)
    with pytest.raises(RecordsInUse, match="another service"):
        open_journal(tmp_path)
    first.close("OK")
    open_journal(tmp_path)


def test_checkpoints_come_by_number_at_a_new_lot_and_at_the_end(
    tmp_path: Path, open_journal: Open, a_record: Make
) -> None:
    """Every five records, after the first strip of another lot, and as the last word."""
    journal = open_journal(tmp_path, Policy(checkpoint_rows=5))
    for number in range(1, 6):
        journal.strip(a_record(number)).result()
    journal.strip(a_record(6)).result()
    journal.strip(a_record(1, lot_id="L-2")).result()
    journal.close("OK")
    kinds = [str(kept.entry.body.kind) for kept in read(tmp_path)]
    assert kinds == ["strip"] * 5 + ["checkpoint"] + ["strip"] * 2 + ["checkpoint", "stop", "checkpoint"]


def test_a_step_of_the_clock_is_on_record_before_what_follows(
    tmp_path: Path, open_journal: Open, a_record: Make
) -> None:
    """Time that passes is no step; an hour back between two strips is, with its size, and durations go on."""
    clock, wall = [100.0], [1_000_000.0]
    journal = open_journal(tmp_path, Policy(clock_step_s=0.5), clock=lambda: clock[0], wall=lambda: wall[0])
    journal.strip(a_record(1)).result()
    clock[0] += 3600
    wall[0] += 3600.4
    journal.strip(a_record(2)).result()
    clock[0] += 1
    wall[0] += 1 - 3600
    journal.strip(a_record(3)).result()
    found = read(tmp_path)
    assert [str(kept.entry.body.kind) for kept in found] == ["strip", "strip", "clock_step", "strip"]
    assert found[2].entry.body.facts == {"step_ms": -3600_000.0}
    assert [kept.entry.utc_us for kept in found] == [10**12, 1_003_600_400_000, 1_000_001_400_000, 1_000_001_400_000]
    assert [kept.entry.monotonic_us for kept in found] == [10**8, 3700 * 10**6, 3701 * 10**6, 3701 * 10**6]


def test_after_its_end_nothing_is_written(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """A strip that comes after the close is told so."""
    journal = open_journal(tmp_path)
    journal.close("OK")
    with pytest.raises(RecordError, match="closed"):
        journal.strip(a_record(1)).result()
    assert [event.kind for event in events(tmp_path)] == [EventKind.STOP, EventKind.CHECKPOINT]
