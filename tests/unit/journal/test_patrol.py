"""The record that is verified while it is written."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stripsight.alarms import AlarmCode
from stripsight.journal import database
from stripsight.journal.journal import Journal
from stripsight.journal.patrol import Patrol
from stripsight.journal.record import StripRecord

Open = Callable[..., Journal]
Record = Callable[..., StripRecord]


@pytest.fixture
def journal(tmp_path: Path, open_journal: Open, a_record: Record) -> Journal:
    """An open journal with twelve strips: fourteen records with its checkpoints."""
    journal = open_journal(tmp_path / "records")
    for number in range(1, 13):
        journal.strip(a_record(number)).result()
    return journal


@pytest.fixture
def patrol(journal: Journal) -> Iterator[Patrol]:
    """Verifies it, as fast as it can."""
    patrol = Patrol(journal, rows_per_s=100_000)
    yield patrol
    patrol.close()


def until(true: Callable[[], object]) -> None:
    """Return once it is; the test's timeout ends a wait in vain."""
    while not true():
        threading.Event().wait(0.005)


def change(journal: Journal, statement: str) -> None:
    """Change the file from outside."""
    with sqlite3.connect(journal.folder / database.NAME) as connection:
        connection.execute(statement)
    connection.close()


def test_a_good_record_raises_nothing_while_it_grows(journal: Journal, patrol: Patrol, a_record: Record) -> None:
    """Round after round, with strips and checkpoints that come meanwhile."""
    for number in range(13, 60):
        journal.strip(a_record(number)).result()
    rounds = patrol.rounds
    until(lambda: patrol.rounds >= rounds + 2)
    assert patrol.alarms() == ()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE stripsight_record SET verdict = 'REJECT' WHERE seq = 3", "record 3"),
        ("UPDATE stripsight_record SET form = replace(form, '0.01', '0.02') WHERE seq = 4", "record 4"),
        ("UPDATE stripsight_record SET form = CAST(replace(form, '0.01', '0.02') AS BLOB) WHERE seq = 4", "record 4"),
        ("DELETE FROM stripsight_record WHERE seq = 5", "record 5"),
        ("DELETE FROM stripsight_record WHERE seq > 6", "expected records up to 14"),
    ],
    ids=["edited column", "text for bytes", "edited form", "removed", "cut"],
)
def test_a_change_on_the_disk_is_an_urgent_alarm(journal: Journal, patrol: Patrol, statement: str, named: str) -> None:
    """It names the first bad record, and stands."""
    until(lambda: patrol.rounds)
    change(journal, statement)
    until(patrol.alarms)
    (alarm,) = patrol.alarms()
    assert (alarm.code, alarm.urgent) == (AlarmCode.RECORD_BROKEN, True)
    assert named in alarm.message


def test_a_database_that_is_damaged_is_one_too(journal: Journal, patrol: Patrol) -> None:
    """A table that is gone stands for a page that cannot be read."""
    until(lambda: patrol.rounds)
    change(journal, "ALTER TABLE stripsight_record RENAME TO elsewhere")
    until(patrol.alarms)
    (alarm,) = patrol.alarms()
    assert "no such table" in alarm.message
