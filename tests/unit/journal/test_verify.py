"""Every kind of tampering, done to the real file with plain sqlite3: verify names the first bad record."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.errors import RecordError
from stripsight.journal import keys
from stripsight.journal.canonical import form, parse
from stripsight.journal.chain import Link
from stripsight.journal.database import NAME
from stripsight.journal.head import read_head
from stripsight.journal.journal import Journal
from stripsight.journal.reader import Checked, Reader

# In `filled`: strips 1 to 5, checkpoint 6, strips 7 to 11, checkpoint 12, strips 13 and 14, stop 15, checkpoint 16.
ROWS, CHECKPOINT = 16, 6
BAD = 8

Database = sqlite3.Connection
Tamper = Callable[[Database], object]


def checked(folder: Path, **arguments: Any) -> Checked:
    """Verify a directory."""
    reader = Reader(folder)
    try:
        return reader.verify(**arguments)
    finally:
        reader.close()


def tampered(folder: Path, tamper: Tamper) -> None:
    """Let somebody at the file."""
    connection = sqlite3.connect(folder / NAME)
    with connection:
        tamper(connection)
    connection.close()


def sql(text: str, *values: object) -> Tamper:
    """Return what runs one statement."""
    return lambda database: database.execute(text, values)


def form_at(database: Database, seq: int) -> bytes:
    """Return a record's form."""
    found = database.execute("SELECT form FROM stripsight_record WHERE seq = ?", (seq,)).fetchone()
    return bytes(found[0])


def edited(database: Database, seq: int, old: bytes, new: bytes) -> None:
    """Replace bytes in a record's form."""
    data = form_at(database, seq)
    assert old in data
    database.execute("UPDATE stripsight_record SET form = ? WHERE seq = ?", (data.replace(old, new, 1), seq))


def swapped(database: Database) -> None:
    """Let two records change places."""
    for before, after in ((BAD, 1000), (BAD + 1, BAD), (1000, BAD + 1)):
        database.execute("UPDATE stripsight_record SET seq = ? WHERE seq = ?", (after, before))


def moved_up(database: Database) -> None:
    """Take a record out and close the gap."""
    database.execute("DELETE FROM stripsight_record WHERE seq = ?", (BAD,))
    for seq in range(BAD + 1, ROWS + 1):
        database.execute("UPDATE stripsight_record SET seq = ? WHERE seq = ?", (seq - 1, seq))


def written_anew(first: int) -> Tamper:
    """Return what edits a record and then computes every hash anew, as one who knows the code would."""

    def tamper(database: Database) -> None:
        edited(database, first, b'"verdict":"ACCEPT"', b'"verdict":"REJECT"')
        database.execute("UPDATE stripsight_record SET verdict = 'REJECT' WHERE seq = ?", (first,))
        before = database.execute("SELECT hash FROM stripsight_record WHERE seq = ?", (first - 1,)).fetchone()[0]
        for seq in range(first, ROWS + 1):
            before = hashlib.sha256(before + form_at(database, seq)).digest()
            database.execute("UPDATE stripsight_record SET hash = ? WHERE seq = ?", (before, seq))

    return tamper


def inserted(database: Database) -> None:
    """Put a record of one's own after the last."""
    database.execute(
        "INSERT INTO stripsight_record SELECT journal_id, 17, 'strip', utc_us, lot_id, 'S-99', strip_seq, verdict, "
        "causes, form, hash FROM stripsight_record WHERE seq = 14"
    )


TAMPERINGS: dict[str, tuple[Tamper, int]] = {
    "a verdict": (lambda d: edited(d, BAD, b'"verdict":"ACCEPT"', b'"verdict":"REJECT"'), BAD),
    "a score": (lambda d: edited(d, BAD, b"0.021", b"0.022"), BAD),
    "a time in the form": (lambda d: edited(d, BAD, b'"utc_us":1', b'"utc_us":2'), BAD),
    "a time in the column": (sql("UPDATE stripsight_record SET utc_us = utc_us + 1 WHERE seq = ?", BAD), BAD),
    "a number in the form": (lambda d: edited(d, BAD, b'"seq":8', b'"seq":9'), BAD),
    "a space in the form": (lambda d: edited(d, BAD, b":", b": "), BAD),
    "an empty form": (sql("UPDATE stripsight_record SET form = x'' WHERE seq = ?", BAD), BAD),
    "a hash": (sql("UPDATE stripsight_record SET hash = zeroblob(32) WHERE seq = ?", BAD), BAD),
    "the journal's id": (sql("UPDATE stripsight_record SET journal_id = 'x' WHERE seq = ?", BAD), BAD),
    **{
        f"the column {name}": (sql(f"UPDATE stripsight_record SET {name} = 'x' WHERE seq = ?", BAD), BAD)
        for name in ("kind", "lot_id", "strip_id", "strip_seq", "verdict", "causes")
    },
    "one record removed": (sql("DELETE FROM stripsight_record WHERE seq = ?", BAD), BAD),
    "the first record removed": (sql("DELETE FROM stripsight_record WHERE seq = 1"), 1),
    "one removed and the gap closed": (moved_up, BAD),
    "two records swapped": (swapped, BAD),
    "a checkpoint removed": (sql("DELETE FROM stripsight_record WHERE seq = ?", CHECKPOINT), CHECKPOINT),
    "the last record cut": (sql("DELETE FROM stripsight_record WHERE seq = ?", ROWS), ROWS),
    "the tail cut": (sql("DELETE FROM stripsight_record WHERE seq > 12"), 13),
    "all but one cut": (sql("DELETE FROM stripsight_record WHERE seq > 1"), 2),
    "all cut": (sql("DELETE FROM stripsight_record"), 1),
    "a record of one's own at the end": (inserted, 17),
    # Whoever can compute hashes cannot sign: the next checkpoint does not fit.
    "all hashes computed anew": (written_anew(BAD), 12),
    "all hashes computed anew since the last checkpoint but one": (written_anew(13), 16),
    "another journal's id throughout": (sql("UPDATE stripsight_journal SET journal_id = 'x'"), 1),
}


def test_an_untouched_record_is_good(filled: Path) -> None:
    """To the last row, all of it under a checkpoint."""
    result = checked(filled)
    assert (result.fault, result.last.seq, result.signed.seq) == (None, ROWS, ROWS - 1)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_first_bad_record_is_named(name: str, filled: Path) -> None:
    """By its number, with what was expected and what was found."""
    tamper, seq = TAMPERINGS[name]
    tampered(filled, tamper)
    fault = checked(filled).fault
    assert fault is not None
    assert fault.seq == seq
    assert str(fault).startswith(f"record {seq}: expected ")
    assert fault.expected != fault.found


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    if isinstance(value, dict) and value:
        return [leaf for name, part in value.items() for leaf in leaves(part, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for at, part in enumerate(value) for leaf in leaves(part, (*path, at))]
    return [path]


OTHERS: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: not value,
    int: lambda value: value + 1,
    float: lambda value: value + 2**-40,
    str: lambda value: "REJECT" if value == "ACCEPT" else value + "x",
    type(None): lambda _: {"reason": "x", "message": "", "field": "", "facts": {}},
    list: lambda _: ["x"],
    dict: lambda _: {"x": "y"},
}


def other(value: Any) -> Any:
    """Return another value of the same kind, as near to it as may be."""
    return OTHERS[type(value)](value)


def test_every_single_field_counts(filled: Path) -> None:
    """Each value of a record in turn is changed to a near one, form and columns alike: each time it is named."""
    database = sqlite3.connect(filled / NAME)
    original = form_at(database, BAD)
    document = json.loads(original)
    for path in leaves(document):
        changed = json.loads(original)
        at = changed
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = other(at[path[-1]])
        data = json.dumps(changed, sort_keys=True, separators=(",", ":")).encode()
        with database:
            database.execute("UPDATE stripsight_record SET form = ? WHERE seq = ?", (data, BAD))
        fault = checked(filled).fault
        assert fault is not None and fault.seq == BAD, path
    database.close()
    assert len(leaves(document)) > 30


def test_a_witness_sees_what_was_computed_anew_to_the_very_end(filled: Path) -> None:
    """Cut with the head put right, a record is good in itself; whoever kept a reply sees it."""
    kept = read_head(filled)
    assert kept is not None
    tampered(filled, sql("DELETE FROM stripsight_record WHERE seq > 11"))
    database = sqlite3.connect(filled / NAME)
    digest = bytes(database.execute("SELECT hash FROM stripsight_record WHERE seq = 11").fetchone()[0])
    database.close()
    (filled / "head").write_text(f"{11:020d} {digest.hex()}\n")
    assert checked(filled).fault is None
    fault = checked(filled, witnesses=[kept]).fault
    assert fault is not None and fault.seq == 12
    fault = checked(filled, witnesses=[Link(7, bytes(32))]).fault
    assert fault is not None and (fault.seq, fault.expected) == (7, f"hash {'00' * 32}, as witnessed")


@pytest.mark.parametrize("content", [None, "", "17\n", "x" * 86])
def test_without_a_head_nothing_is_good(content: str | None, filled: Path) -> None:
    """A missing or unreadable head would leave a cut unseen."""
    (filled / "head").unlink()
    if content is not None:
        (filled / "head").write_text(content)
    assert checked(filled).fault is not None


def test_another_key_is_not_the_one_that_signed(filled: Path, tmp_path: Path) -> None:
    """With a public key kept elsewhere, a record signed by another key fails at its first checkpoint."""
    keys.make_key(tmp_path)
    fault = checked(filled, public_key=tmp_path / keys.PUBLIC).fault
    assert fault is not None and fault.seq == CHECKPOINT


def test_a_record_that_is_being_written_is_good(tmp_path: Path, open_journal: Any, a_record: Any) -> None:
    """Verify runs beside the service that writes, and holds nothing up."""
    journal: Journal = open_journal(tmp_path)
    for number in range(1, 9):
        journal.strip(a_record(number)).result()
        result = checked(tmp_path)
        assert result.fault is None
        assert result.last.seq >= number


def test_a_folder_without_a_record_is_told(tmp_path: Path) -> None:
    """No file, or one that is no database."""
    with pytest.raises(RecordError, match="found none"):
        Reader(tmp_path)
    (tmp_path / NAME).write_bytes(b"no database" * 100)
    with pytest.raises(RecordError, match="expected a record"):
        Reader(tmp_path)


def test_a_form_says_what_its_record_says(filled: Path) -> None:
    """What is found by a search is read from the form, and the form is canonical."""
    reader = Reader(filled)
    kept = reader.at(BAD)
    reader.close()
    assert kept is not None
    assert (parse(form(kept.entry)), kept.entry.seq) == (kept.entry, BAD)
