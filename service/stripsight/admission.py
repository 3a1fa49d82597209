"""One inspection runs, a bounded few wait, the rest are refused at once.

The lane is a thread of its own, so that a caller can be answered when its time is up although the work goes
on. The lane is free again only when that work has ended: a client that leaves does not make room for another.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, TypeVar

from stripsight.errors import NotReady, Overloaded, SlotTooShort
from stripsight.timing import Clock

T = TypeVar("T")
Deliver = Callable[[], None]
Job = Callable[[], Deliver]


class StillRunning(Exception):
    """The deadline passed while the work ran. It goes on, and `future` gets what comes of it."""

    def __init__(self, future: "Future[Any]") -> None:
        """Keep the future, for whoever wants to know how it ended."""
        super().__init__("the deadline passed while the work ran")
        self.future = future


class Admission:
    """A lane for one piece of work at a time.

    `waiting` is how many may wait for it; `clock` is the one that deadlines are given in. `beats` grows with
    each piece of work, and every `beat_s` seconds while there is none; it stands still when the lane is
    stuck.
    """

    def __init__(self, waiting: int, clock: Clock = time.monotonic, beat_s: float = 0.25) -> None:
        """Start the lane's thread. It ends with `close`, or with the process."""
        self._waiting_max = waiting
        self._clock = clock
        self._beat_s = beat_s
        self._queue: deque[Job] = deque()
        self._running = False
        self._closed = False
        self._changed = threading.Condition()
        self.beats = 0
        threading.Thread(target=self._lane, name="inspection-lane", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return len(self._queue)

    def run(self, work: Callable[[], T], deadline: float) -> T:
        """Run `work` in the lane and return its result, or raise its exception.

        Raises Overloaded at once when the lane and all waiting places are taken, SlotTooShort when `deadline`
        passes before the work began (it never will), StillRunning when it passes while the work runs, and
        NotReady after `close`.
        """
        future: Future[T] = Future()
        job = _into(future, work)
        self._enter(job)
        done, _ = wait([future], timeout=max(0.0, deadline - self._clock()))
        if done:
            return future.result()
        if self._leave(job):
            raise SlotTooShort("the time was up while another strip was inspected; this one was not")
        raise StillRunning(future)

    def close(self, timeout_s: float) -> bool:
        """Refuse new work and wait for what was admitted; False when that has not ended after `timeout_s`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not (self._running or self._queue), timeout_s)

    def _enter(self, job: Job) -> None:
        with self._changed:
            if self._closed:
                raise NotReady("the service is about to stop")
            if self._running + len(self._queue) > self._waiting_max:
                raise Overloaded(
                    f"a strip is inspected and {self._waiting_max} others may wait: no place is left",
                    waiting_max=self._waiting_max,
                )
            self._queue.append(job)
            self._changed.notify_all()

    def _leave(self, job: Job) -> bool:
        """Give the waiting place back; False when the work has begun."""
        with self._changed:
            if job not in self._queue:
                return False
            self._queue.remove(job)
            self._changed.notify_all()
            return True

    def _lane(self) -> None:
        while job := self._next():
            deliver = job()
            self._free()  # first, so that whoever gets the result finds the lane free
            deliver()

    def _free(self) -> None:
        with self._changed:
            self._running = False
            self._changed.notify_all()

    def _next(self) -> Job | None:
        with self._changed:
            while not (self._queue or self._closed):
                self.beats += 1
                self._changed.wait(self._beat_s)
            self.beats += 1
            self._running = bool(self._queue)
            return self._queue.popleft() if self._queue else None


def _into(future: "Future[T]", work: Callable[[], T]) -> Job:
    def job() -> Deliver:
        try:
            return partial(future.set_result, work())
        except BaseException as error:  # the caller raises it; the lane goes on
            return partial(future.set_exception, error)

    return job
