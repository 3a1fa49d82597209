"""The copy in a real PostgreSQL: every record once, in order, whatever happens to the way there."""

import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.chain import Link, genesis
from stripsight.journal.copying import make_tables
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.keys import PUBLIC, load_public
from stripsight.journal.outbox import Outbox
from stripsight.journal.record import EventKind
from stripsight.journal.tables import records
from stripsight.journal.verify import Verifier

FAR_S = 60.0
AT_ONCE_S = (0.01, 0.05)
NOWHERE = "postgresql+psycopg://nobody@/none?host=/no/such/directory"


class Line:
    """A journal with its copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures = threading.Semaphore(0)
        self.journal = Journal(folder, Policy(checkpoint_rows=5), lambda error: None)
        self.outbox: Outbox | None = None

    def copy_to(self, url: str) -> Outbox:
        """Begin to copy."""
        self.outbox = Outbox(
            self.folder,
            self.journal.journal_id,
            url=url,
            last=self.journal.link,
            on_failure=self.failures.release,
            retry_s=AT_ONCE_S,
        )
        self.journal.listen(self.outbox.wake)
        return self.outbox

    def write(self, count: int) -> None:
        """Append records."""
        for _ in range(count):
            self.journal.event(EventKind.DRAIN, text="a fact")

    def close(self) -> bool:
        """End both; tell whether the copy is whole."""
        self.journal.close("OK")
        return self.outbox is None or self.outbox.close(FAR_S)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A line of one's own."""
    line = Line(tmp_path)
    yield line
    if not line.journal.closed:
        line.close()


def copied(postgresql: Any, journal_id: str) -> list[dict[str, Any]]:
    """Read the copy of one journal."""
    engine = postgresql.engine()
    with engine.connect() as connection:
        query = select(records).where(records.c.journal_id == journal_id).order_by(records.c.seq)
        rows = [dict(row) for row in connection.execute(query).mappings()]
    engine.dispose()
    return rows


def assert_whole(postgresql: Any, line: Line) -> None:
    """The copy has every record once, and verifies by itself with the line's public key."""
    rows = copied(postgresql, line.journal.journal_id)
    assert [row["seq"] for row in rows] == list(range(1, line.journal.link.seq + 1))
    begin = genesis(line.journal.journal_id)
    verifier = Verifier(line.journal.journal_id, load_public(line.folder / PUBLIC), begin, [line.journal.link])
    assert verifier.walk(rows) is None


def test_every_record_is_in_the_copy_at_the_end(line: Line, postgresql: Any) -> None:
    """Those from before the copy began, those from then on, and the stop; nothing lags."""
    line.write(7)
    outbox = line.copy_to(postgresql.url)
    line.write(7)
    assert line.close()
    assert outbox.lag == 0
    assert_whole(postgresql, line)


def test_a_database_that_is_stopped_costs_no_record(line: Line, postgresql: Any) -> None:
    """Stopped as by a crash while records come, they wait; started again, all are there once."""
    outbox = line.copy_to(postgresql.url)
    line.write(3)
    postgresql.stop()
    try:
        line.write(20)
        assert line.failures.acquire(timeout=FAR_S)
        assert outbox.lag >= 20
    finally:
        postgresql.start()
    line.write(1)
    while outbox.lag:  # one that pauses between two tries when it is closed leaves the rest to the next service
        threading.Event().wait(0.01)
    assert line.close()
    assert_whole(postgresql, line)


def test_the_next_service_goes_on_where_the_copy_ends(tmp_path: Path, postgresql: Any) -> None:
    """A service that could not copy leaves its records to the next; nothing is doubled."""
    for url in (postgresql.url, NOWHERE, postgresql.url):
        line = Line(tmp_path)
        outbox = line.copy_to(url)
        line.write(4)
        line.journal.close("OK")
        assert outbox.close(FAR_S)
        assert (outbox.lag == 0) is (url != NOWHERE)
    assert_whole(postgresql, line)


def test_two_lines_share_a_database(tmp_path: Path, postgresql: Any) -> None:
    """Each has its own records there, with the same numbers."""
    lines = [Line(tmp_path / name) for name in ("one", "two")]
    for line in lines:
        line.copy_to(postgresql.url)
        line.write(6)
    for line in lines:
        assert line.close()
        assert_whole(postgresql, line)


def test_lines_that_begin_at_once_make_the_tables_once(postgresql: Any) -> None:
    """None of eight fails, whoever is first: a machine starts all of its lines at the same moment."""
    begin, engines = threading.Barrier(8), [create_engine(postgresql.url) for _ in range(8)]

    def make(engine: Any) -> None:
        begin.wait(FAR_S)
        make_tables(engine)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, engines))
    for engine in engines:
        engine.dispose()


def test_a_copy_of_another_past_is_not_added_to(line: Line, postgresql: Any) -> None:
    """When the copy's last record is not the local one, nothing is written over and the failure is told."""
    line.copy_to(postgresql.url)
    line.write(3)
    engine = postgresql.engine()
    assert line.outbox is not None and line.outbox.close(FAR_S)
    with engine.connect() as connection:
        connection.execute(records.update().where(records.c.seq == 3).values(hash=bytes(32)))
        before = connection.execute(select(func.count()).select_from(records)).scalar()
    line.write(3)
    line.copy_to(postgresql.url)
    assert line.failures.acquire(timeout=FAR_S)
    assert line.close()
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(records)).scalar() == before
    engine.dispose()


def test_a_server_copies_and_inspects_on_without_its_database(
    *,
    start: Callable[..., Any],
    connect: Callable[[str], Client],
    ask: Callable[..., Answer],
    strip_bundle: Bundle,
    tmp_path: Path,
    postgresql: Any,
) -> None:
    """Strips are accepted with the database away; the lag is a metric; in the end the copy has every record."""
    server = start(strip_bundle.path, record_dir=tmp_path, record_to=postgresql.url).started()
    client = connect(server.target)
    links = []
    postgresql.stop()
    try:
        for _ in range(3):
            reply = ask(client).reply.inspection
            assert reply.verdict == pb.VERDICT_ACCEPT
            links.append(Link(reply.record_seq, reply.record_hash))
        server.until("records wait to be copied")
        with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=FAR_S) as page:
            text = page.read().decode()
        (lag,) = (line.split()[1] for line in text.splitlines() if line.startswith("stripsight_record_copy_lag "))
        assert float(lag) >= 3
    finally:
        postgresql.start()
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0
    line = Line(tmp_path)  # whatever the server could not copy in its last second
    line.copy_to(postgresql.url)
    assert line.close()
    assert_whole(postgresql, line)
    rows = copied(postgresql, line.journal.journal_id)
    assert [Link(row["seq"], row["hash"]) for row in rows if row["kind"] == "strip"] == links
