"""What a service finds when it starts: a clean end, a crash, a torn tail, damage."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.errors import RecordError, RecordsDamaged
from stripsight.journal import keys
from stripsight.journal.chain import Link
from stripsight.journal.database import NAME
from stripsight.journal.head import Head
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import EventKind

Open = Callable[..., Journal]
LOG = f"{NAME}-wal"


def recoveries(folder: Path) -> list[dict[str, Any]]:
    """Return the facts of each recovery on record, after a look whether all is good."""
    reader = Reader(folder)
    checked = reader.verify()
    assert checked.fault is None, checked.fault
    found = reader.find(Wanted(kinds=(EventKind.RECOVERY,)))
    reader.close()
    return [dict(kept.entry.body.facts) for kept in found if kept.entry.body.kind != "strip"]


@pytest.fixture
def crashed(tmp_path: Path, open_journal: Open, a_record: Any) -> Path:
    """The files of a journal with seven strips as they lay while it ran, and no checkpoint in it."""
    journal = open_journal(tmp_path / "running", Policy(checkpoint_rows=100))
    for number in range(1, 8):
        journal.strip(a_record(number)).result()
    shutil.copytree(tmp_path / "running", tmp_path / "crashed")
    return tmp_path / "crashed"


def test_after_a_clean_end_there_is_nothing_to_recover(filled: Path, open_journal: Open) -> None:
    """The chain goes on, without a recovery."""
    journal = open_journal(filled)
    assert journal.event(EventKind.START).seq == 17
    journal.close("OK")
    assert recoveries(filled) == []


def test_a_crash_is_on_record_with_what_was_found(crashed: Path, open_journal: Open) -> None:
    """All that was committed is there; the next record says where the last service broke off."""
    open_journal(crashed).close("OK")
    (facts,) = recoveries(crashed)
    assert (facts["seq"], "lost" in facts) == (7, False)


@pytest.mark.parametrize("cut_at", range(1, 25))
def test_a_torn_tail_is_cut_to_the_last_whole_record(cut_at: int, crashed: Path, open_journal: Open) -> None:
    """The log ends anywhere: what is whole stays, what was lost is counted by the head, and the chain is good."""
    log = crashed / LOG
    size = log.stat().st_size
    position = random.Random(cut_at).randrange(size // 3, size)
    with log.open("r+b") as file:
        file.truncate(position)
    if not tables_are_there(crashed):
        with pytest.raises(RecordsDamaged):
            open_journal(crashed)
        return
    open_journal(crashed).close("OK")
    (facts,) = recoveries(crashed)
    assert facts["seq"] + facts.get("lost", 0) == 7
    assert facts["seq"] == 7 or facts["head_seq"] == 7


def tables_are_there(folder: Path) -> bool:
    """Tell whether the file was begun as far as its tables and the journal's id; looks at a copy."""
    aside = folder.parent / "looked-at"
    shutil.copytree(folder, aside)
    database = sqlite3.connect(aside / NAME)
    try:
        return bool(database.execute("SELECT * FROM stripsight_journal").fetchall())
    except sqlite3.Error:
        return False
    finally:
        database.close()


def test_a_crash_after_a_checkpoint_is_no_clean_end(tmp_path: Path, open_journal: Open, a_record: Any) -> None:
    """A checkpoint alone is not the end of a service: only one after a stop is."""
    journal = open_journal(tmp_path / "running", Policy(checkpoint_rows=1))
    signed: list[Link] = []
    journal.listen(lambda link: signed.append(link) if link.seq == 2 else None)
    journal.strip(a_record(1)).result()
    journal.close("OK")
    executed(tmp_path / "running", "DELETE FROM stripsight_record WHERE seq > 2")
    Head(tmp_path / "running", signed[0]).close()
    open_journal(tmp_path / "running").close("OK")
    (facts,) = recoveries(tmp_path / "running")
    assert facts["seq"] == 2


def executed(folder: Path, statement: str) -> None:
    """Run one statement on the file."""
    database = sqlite3.connect(folder / NAME)
    with database:
        database.execute(statement)
    database.close()


def other_key(folder: Path) -> None:
    """Put another key in the place of the one that signed."""
    for name in (keys.PRIVATE, keys.PUBLIC):
        (folder / name).unlink()
    keys.make_key(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: executed(folder, "UPDATE stripsight_record SET hash = zeroblob(32) WHERE seq = 15"),
        lambda folder: executed(folder, "UPDATE stripsight_record SET verdict = 'REJECT' WHERE seq = 16"),
        lambda folder: executed(folder, "DELETE FROM stripsight_record"),
        lambda folder: executed(folder, "DELETE FROM stripsight_record WHERE seq = 15"),
        lambda folder: executed(folder, "DROP TABLE stripsight_record"),
        lambda folder: executed(folder, "DROP TABLE stripsight_journal"),
        lambda folder: executed(folder, "UPDATE stripsight_journal SET schema_version = 2"),
        lambda folder: (folder / NAME).write_bytes(b"no database at all" * 1000),
        lambda folder: (folder / NAME).unlink(),
        lambda folder: (folder / keys.PRIVATE).unlink(),
        other_key,
    ],
)
def test_damage_is_left_as_it_is_and_refused(
    damage: Callable[[Path], object], filled: Path, open_journal: Open
) -> None:
    """A service does not go on after what it cannot explain, and does not touch it."""
    damage(filled)
    before = {path.name: path.read_bytes() for path in filled.iterdir() if path.name == NAME}
    with pytest.raises(RecordError) as refused:
        open_journal(filled)
    assert refused.value.reason in ("RECORDS_DAMAGED", "RECORD_FAILED")
    if before:
        assert (filled / NAME).read_bytes() == before[NAME]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, open_journal: Open) -> None:
    """A file in its place."""
    (tmp_path / "records").write_text("")
    with pytest.raises(RecordError, match="records: expected a directory"):
        open_journal(tmp_path / "records")


def test_a_head_that_cannot_be_read_is_not_a_missing_one(filled: Path, open_journal: Open) -> None:
    """To go on without it would hide a cut of the tail: neither the service nor a reader does."""
    (filled / "head").unlink()
    (filled / "head").mkdir()
    with pytest.raises(RecordError, match="head"):
        open_journal(filled)
    reader = Reader(filled)
    with pytest.raises(RecordError, match="expected a readable head"):
        reader.verify()
    reader.close()
