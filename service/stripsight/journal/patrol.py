"""The record read over and over while it is written, a few rows at a time: a change on the disk shows within hours.

In small pieces, since each takes the interpreter from an inspection for as long as it lasts.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine, select

from stripsight.alarms import Alarm, AlarmCode
from stripsight.journal import database
from stripsight.journal.chain import Link, genesis
from stripsight.journal.journal import Journal
from stripsight.journal.tables import Row, records
from stripsight.journal.verify import Fault, Verifier

# A row takes a millisecond.
_ROWS_AT_ONCE = 4
_CLOSE_S = 2.0

_log = structlog.get_logger()


class Patrol:
    """Verifies a journal's record from its first to its last row, then from the first again."""

    def __init__(self, journal: Journal, rows_per_s: int) -> None:
        """Begin, in a thread of its own."""
        self._journal = journal
        self._pause_s = _ROWS_AT_ONCE / rows_per_s
        self._ended = threading.Event()
        self._alarms: tuple[Alarm, ...] = ()
        self.rounds = 0
        self._thread = threading.Thread(target=self._run, name="record-patrol", daemon=True)
        self._thread.start()

    def alarms(self) -> tuple[Alarm, ...]:
        """RECORD_BROKEN from the first bad record on, for as long as the service runs."""
        return self._alarms

    def close(self) -> None:
        """End it; a disk that hangs is not waited for."""
        self._ended.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        engine = database.reader(self._journal.folder)
        try:
            while not self._ended.wait(self._pause_s):
                self._round(_Rows(engine, self._pause))
        except _Ended:
            pass
        finally:
            engine.dispose()

    def _round(self, rows: "_Rows") -> None:
        # What the service itself wrote last is the witness: a record that was cut or written anew does not reach it.
        last, journal_id = self._journal.link, self._journal.journal_id
        verifier = Verifier(journal_id, self._journal.public_key, genesis(journal_id), [last])
        try:
            fault = verifier.walk(rows.up_to(last))
        except _Ended:
            raise
        except Exception as error:  # whatever cannot be read is a fault, and this thread must not end unheard
            fault = Fault(verifier.link.seq + 1, "a record", str(getattr(error, "orig", None) or error))
        if fault is not None:
            self._broken(fault)
            raise _Ended
        self.rounds += 1

    def _broken(self, fault: Fault) -> None:
        message = f"The record was changed or damaged on its disk. {fault}"
        _log.error("record broken", seq=fault.seq, expected=fault.expected, found=fault.found)
        self._alarms = (Alarm(AlarmCode.RECORD_BROKEN, message, datetime.now(UTC), urgent=True),)

    def _pause(self) -> None:
        if self._ended.wait(self._pause_s):
            raise _Ended


class _Rows:
    """Rows in order of their numbers, read in pieces, so that no reader keeps the database's log from being emptied."""

    def __init__(self, engine: Engine, pause: Callable[[], None]) -> None:
        self._engine = engine
        self._pause = pause

    def up_to(self, last: Link) -> Iterator[Row]:
        seq = 0
        while seq < last.seq and (piece := self._piece(seq, last)):
            yield from piece
            seq = piece[-1]["seq"]
            self._pause()

    def _piece(self, after: int, last: Link) -> list[Row]:
        c = records.c
        query = select(records).where(c.seq > after, c.seq <= last.seq).order_by(c.seq).limit(_ROWS_AT_ONCE)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


class _Ended(Exception):
    """Nothing more is read."""
