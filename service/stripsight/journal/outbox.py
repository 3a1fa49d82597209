"""Keeps a copy of the record in another database, in a thread of its own: no strip ever waits for a network."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from stripsight.errors import RecordError
from stripsight.journal import database
from stripsight.journal.chain import Link
from stripsight.journal.copying import Diverged, copy_batch, prepare

ROWS_MAX = 500
RETRY_S = (1.0, 30.0)
_ANSWER_S = 10

_log = structlog.get_logger()


class Outbox:
    """Copies every record in order, from where the copy ends, and goes on after any failure of the way there."""

    def __init__(
        self,
        folder: Path,
        journal_id: str,
        *,
        url: str,
        last: Link,
        on_failure: Callable[[], None],
        retry_s: tuple[float, float] = RETRY_S,
    ) -> None:
        """Begin to copy. `last` is the record's last place; `retry_s` the shortest and the longest pause."""
        self._local = database.reader(folder)
        self._journal_id = journal_id
        self._copy = _connected(url)
        self._last = last
        self._copied: Link | None = None
        self._on_failure = on_failure
        self._retry_s = retry_s
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    @property
    def lag(self) -> int:
        """How many records the copy lacks; all of them until it has said how many it has."""
        return self._last.seq - (self._copied.seq if self._copied else 0)

    def wake(self, link: Link) -> None:
        """Hear of the record's new last place."""
        with self._changed:
            self._last = link
            self._changed.notify_all()

    def close(self, timeout_s: float) -> bool:
        """Copy what is left and end; False when that took longer than `timeout_s`: the next service goes on."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause_s = self._retry_s[0]
        while self._wait():
            try:
                self._copied = self._copied or prepare(self._local, self._copy, self._journal_id)
                self._copied = copy_batch(self._local, self._copy, self._journal_id, self._copied, ROWS_MAX)
                pause_s = self._retry_s[0]
            except Diverged as error:
                self._failed("the copy is of another record; nothing is copied any more", error)
                break
            except SQLAlchemyError as error:
                self._failed("records wait to be copied", error)
                self._copied = None
                if self._pause(pause_s):
                    break
                pause_s = min(2 * pause_s, self._retry_s[1])
        self._local.dispose()
        self._copy.dispose()

    def _wait(self) -> bool:
        """Wait for something to copy; False when nothing is left and it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self.lag > 0)
            return self.lag > 0

    def _pause(self, pause_s: float) -> bool:
        """Wait before another try; True when it is time to end instead."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, pause_s)

    def _failed(self, event: str, error: Exception) -> None:
        _log.warning(event, lag=self.lag, error=" ".join(str(getattr(error, "orig", None) or error).split()))
        self._on_failure()


def _connected(url: str) -> Engine:
    """Return an engine that gives up on a server which does not answer. Raises RecordError for a wrong address."""
    try:
        parsed = make_url(url)
        limits: dict[str, Any] = {}
        if parsed.get_backend_name() == "postgresql":
            seconds = str(_ANSWER_S * 1000)
            limits = {"connect_timeout": _ANSWER_S, "options": f"-c statement_timeout={seconds}", "keepalives_idle": 10}
            limits |= {"tcp_user_timeout": seconds}
        return create_engine(parsed, pool_size=1, pool_pre_ping=True, connect_args=limits)
    except (SQLAlchemyError, ImportError, TypeError) as error:
        raise RecordError(f"the copy of the record: expected the address of a database, found: {error}") from error
