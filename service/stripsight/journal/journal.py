"""The record of one running service: a thread that writes, the events around the strips, checkpoints by the way."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from stripsight.ed25519 import PublicKey
from stripsight.errors import RecordError
from stripsight.journal.chain import Link
from stripsight.journal.checkpoint import signed
from stripsight.journal.opening import open_store
from stripsight.journal.record import Entry, Event, EventKind, StripRecord
from stripsight.strip import StripKey
from stripsight.timing import Clock

# A disk that takes longer than this for the last commit is not waited for.
_CLOSE_S = 10.0

Body = StripRecord | Event


@dataclass(frozen=True)
class Policy:
    """A checkpoint every so many records, and how far the wall clock may move against the monotonic one unnoticed."""

    checkpoint_rows: int = 100
    clock_step_s: float = 0.5


class Journal:
    """Appends records one by one. When one fails, `on_failure` is called once, and no other is written any more."""

    def __init__(
        self,
        folder: Path,
        policy: Policy,
        on_failure: Callable[[RecordError], None],
        *,
        clock: Clock = time.monotonic,
        wall: Clock = time.time,
    ) -> None:
        """Open the record in `folder`, and put on record what was found there. Raises RecordError.

        `on_failure` is called in the writer's thread; `wall` returns seconds since 1970.
        """
        self._policy = policy
        self._on_failure = on_failure
        self._clock = clock
        self._wall = wall
        self._store, self._key, self._lock, found = open_store(folder, 2 * policy.checkpoint_rows)
        self.folder = folder
        self.journal_id = self._store.journal_id
        self._signed = self._store.link.seq
        self._lot = ""
        self._offset_s = wall() - clock()
        self._failed = False
        self._closed = False
        self._open = threading.Lock()
        self._listeners: list[Callable[[Link], None]] = []
        self._followers: list[Callable[[int, int, Body], None]] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="record")
        if found is not None:
            self.event(EventKind.RECOVERY, **found)

    @property
    def link(self) -> Link:
        """The last place of the chain."""
        return self._store.link

    @property
    def public_key(self) -> PublicKey:
        """What verifies its checkpoints, whatever the file beside the record says by now."""
        return self._key.public_key()

    @property
    def failed(self) -> bool:
        """Whether nothing is written any more."""
        return self._failed

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def listen(self, listener: Callable[[Link], None]) -> None:
        """Have `listener` called, in the writer's thread, after each commit."""
        self._listeners.append(listener)

    def follow(self, follower: Callable[[int, int, Body], None]) -> None:
        """Have `follower` called as `listen` does, with a record's number, its time (us since 1970) and what it holds.

        It must not raise: the answer to the record's strip waits for it.
        """
        self._followers.append(follower)

    def find(self, key: StripKey) -> tuple[Entry, Link, bool] | None:
        """Return what is on record about a strip, its place, and whether it was overruled. Raises RecordError."""
        return self._store.find(key)

    def strip(self, record: StripRecord) -> "Future[Link]":
        """Append a strip. The future has its place, committed and synced, or a RecordError."""
        return self._soon(record)

    def event(self, kind: EventKind, **facts: str | int | float) -> Link:
        """Append an event and wait for it. Raises RecordError."""
        return self._soon(Event(kind=kind, facts=facts)).result()

    def note(self, kind: EventKind, **facts: str | int | float) -> None:
        """Append an event without waiting. When it fails, `on_failure` says so."""
        self._soon(Event(kind=kind, facts=facts))

    def overrule(self, key: StripKey, seq: int) -> None:
        """Put on record, without waiting, that the verdict of record `seq` left as a reject with LATE."""
        facts: dict[str, str | int | float] = {
            "lot_id": key.lot_id,
            "strip_id": key.strip_id,
            "strip_seq": key.strip_seq,
            "seq": seq,
        }
        self.note(EventKind.OVERRULED, **facts)

    def close(self, how: str) -> bool:
        """Write a stop and a checkpoint and give the directory back; False when writing has failed or hangs."""
        with self._open:
            self._closed = True
        done, _ = wait([self._writer.submit(self._stop, how)], _CLOSE_S)
        self._writer.shutdown(wait=bool(done))
        if done:
            self._store.close()
            os.close(self._lock)
        return bool(done) and not self._failed

    def _soon(self, body: Body) -> "Future[Link]":
        with self._open:
            if not self._closed:
                future = self._writer.submit(self._append, body)
                if isinstance(body, StripRecord):
                    self._writer.submit(self._tidy, body.lot_id)
                elif body.kind is EventKind.LOT_CLOSED:
                    self._writer.submit(self._checkpoint)
                return future
        refused: Future[Link] = Future()
        refused.set_exception(RecordError("the record is closed"))
        return refused

    def _append(self, body: Body) -> Link:
        utc_us, monotonic_us = self._times()
        try:
            link = self._store.append(self._with_clock_step(body), utc_us, monotonic_us)
        except RecordError as error:
            self._fail(error)
            raise
        for follower in self._followers:
            follower(link.seq, utc_us, body)
        for listener in self._listeners:
            listener(link)
        return link

    def _times(self) -> tuple[int, int]:
        return round(self._wall() * 1e6), round(self._clock() * 1e6)

    def _with_clock_step(self, body: Body) -> Sequence[Body]:
        offset_s = self._wall() - self._clock()
        step_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(step_s) <= self._policy.clock_step_s:
            return [body]
        return [Event(kind=EventKind.CLOCK_STEP, facts={"step_ms": round(step_s * 1000, 3)}), body]

    def _tidy(self, lot_id: str) -> None:
        """After a strip: a checkpoint when it is due or another lot has begun."""
        new_lot = self._lot not in ("", lot_id)
        self._lot = lot_id
        if not self._failed and (new_lot or self.link.seq - self._signed >= self._policy.checkpoint_rows):
            self._checkpoint()

    def _checkpoint(self) -> None:
        facts = signed(self._key, self.journal_id, self.link)
        self._signed = self._append(Event(kind=EventKind.CHECKPOINT, facts=facts)).seq
        try:
            self._store.flush()
        except RecordError as error:
            self._fail(error)
            raise

    def _stop(self, how: str) -> None:
        if self._failed:
            return
        self._append(Event(kind=EventKind.STOP, facts={"how": how}))
        self._checkpoint()

    def _fail(self, error: RecordError) -> None:
        if not self._failed:
            self._failed = True
            self._on_failure(error)
