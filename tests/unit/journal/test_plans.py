"""No question about strips walks along the whole record: there are 60 million strips in a year."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from stripsight.journal import reader as reading
from stripsight.journal.journal import Journal
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import StripRecord
from stripsight.strip import StripKey

Open = Callable[..., Journal]
Make = Callable[..., StripRecord]


@contextmanager
def plans(folder: Path) -> Iterator[list[str]]:
    """Collect how SQLite carries out each query to a database below `folder`; `EXPLAIN` itself is left out."""
    found: list[str] = []

    def explain(connection: Connection, _: object, statement: str, parameters: tuple[object, ...], *__: object) -> None:
        here = str(folder) in str(connection.engine.url)
        if here and statement.startswith("SELECT"):
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found.extend(row[3] for row in plan.fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


def test_looking_whether_a_strip_is_on_record_uses_an_index(tmp_path: Path, open_journal: Open, a_record: Make) -> None:
    """It is done before each strip, known and unknown."""
    journal = open_journal(tmp_path)
    journal.strip(a_record(1)).result()
    with plans(tmp_path) as found:
        assert journal.find(StripKey("L-1", "S-1", 1)) is not None
        assert journal.find(StripKey("L-1", "S-2", 2)) is None
    assert found
    assert [plan for plan in found if not plan.startswith("SEARCH")] == []


@pytest.mark.parametrize(
    "question",
    [
        lambda reader: reader.at(3),
        lambda reader: reader.strip(StripKey("L-1", "S-3", 3)),
        lambda reader: reader.is_overruled(StripKey("L-1", "S-3", 3)),
        lambda reader: reader.page(Wanted(verdict="ACCEPT"), 5),
        lambda reader: reader.page(Wanted(lot_id="L-1", strip_id_prefix="S", cause="LATE"), 5),
    ],
)
def test_what_viewers_ask_uses_an_index(filled: Path, question: Callable[[Reader], object]) -> None:
    """Nothing is sorted for it either."""
    reader = Reader(filled)
    with plans(filled) as found:
        assert question(reader) is not None
    reader.close()
    assert found
    assert [plan for plan in found if not plan.startswith("SEARCH")] == []


def test_a_page_looks_at_so_many_records_and_no_more(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that finds nothing among them says where to go on."""
    monkeypatch.setattr(reading, "ROWS_A_PAGE", 4)
    reader = Reader(filled)
    before, looks, seen = None, 0, []
    while looks == 0 or before is not None:
        page = reader.page(Wanted(strip_id_prefix="S-1"), 50, before)
        before, looks = page.before, looks + 1
        seen += [kept.entry.body.strip_id for kept, _ in page.kept if isinstance(kept.entry.body, StripRecord)]
    last = reader.find(Wanted())[-1].link.seq
    reader.close()
    assert looks == -(-last // 4)
    assert seen == ["S-12", "S-11", "S-10", "S-1"]
