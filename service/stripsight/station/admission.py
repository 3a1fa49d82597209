"""One inspection runs, a bounded few wait, the rest are refused at once.

A strip takes a place when it comes, and gives it back when it is answered and its work has ended. Its work, all at once
or a frame at a time, runs in the lane, which is free for others in between. The lane is a thread of its own, so that a
caller can be answered when its time is up although the work goes on. A client that leaves does not make room for
another before its work has ended.

Idle work has no place: a piece of it begins only while no strip has one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from stripsight.errors import NotReady, Overloaded, SlotTooShort
from stripsight.station.work import Work
from stripsight.timing import Clock

T = TypeVar("T")


class StillRunning(Exception):
    """The deadline passed while the work ran. It goes on, and `future` gets what comes of it."""

    def __init__(self, future: "Future[Any]") -> None:
        """Keep the future, for whoever wants to know how it ended."""
        super().__init__("the deadline passed while the work ran")
        self.future = future


@dataclass(eq=False)
class Admitted:
    """One strip's place among those that are inspected or wait."""

    admission: "Admission"
    left: bool = False

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Have `work` run in the lane, after all that was submitted before; a strip's own keeps its order."""
        piece = Work(work)
        self.admission.submit(_Job(self, piece))
        return piece.future

    def run(self, work: Callable[[], T], deadline: float) -> T:
        """Run `work` in the lane and return its result, or raise its exception; the place is given back by then.

        Raises SlotTooShort when `deadline` passes before the work began (it never will), and StillRunning when it
        passes while the work runs.
        """
        future = self.submit(work)
        done, _ = wait([future], timeout=max(0.0, deadline - self.admission.clock()))
        never_began = self.leave()
        if done:
            return future.result()
        if never_began:
            raise SlotTooShort("the time was up while another strip was inspected; this one was not")
        raise StillRunning(future)

    def leave(self) -> bool:
        """Give the place back, at once or when the work that runs has ended; True when some had not begun.

        That never will.
        """
        return self.admission.leave(self)


@dataclass(eq=False)
class _Job:
    admitted: Admitted | None  # None for idle work
    work: Work[Any]


class Admission:
    """A lane for one piece of work at a time.

    `waiting` is how many strips may wait for the one inspected; `clock` is the one that deadlines are given in.
    `beats` grows with each piece of work, and every `beat_s` seconds while there is none; it stands still when the lane
    is stuck.
    """

    def __init__(self, waiting: int, clock: Clock = time.monotonic, beat_s: float = 0.25) -> None:
        """Start the lane's thread. It ends with `close`, or with the process."""
        self._waiting_max = waiting
        self.clock = clock
        self._beat_s = beat_s
        self._admitted: set[Admitted] = set()
        self._queue: deque[_Job] = deque()
        self._idle: deque[Work[Any]] = deque()
        self._running: _Job | None = None
        self._closed = False
        self._changed = threading.Condition()
        self.beats = 0
        threading.Thread(target=self._lane, name="inspection-lane", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many strips wait for the lane."""
        with self._changed:
            return len({job.admitted for job in self._queue})

    def enter(self) -> Admitted:
        """Take a place. Raises Overloaded when none is left, NotReady after `close`."""
        with self._changed:
            if self._closed:
                raise _stopping()
            if len(self._admitted) > self._waiting_max:
                raise Overloaded(
                    f"a strip is inspected and {self._waiting_max} others may wait: no place is left",
                    waiting_max=self._waiting_max,
                )
            admitted = Admitted(self)
            self._admitted.add(admitted)
            return admitted

    @contextmanager
    def place(self) -> Iterator[Admitted]:
        """Hold a place for the block, and give it back however that ends. Raises what `enter` does."""
        admitted = self.enter()
        try:
            yield admitted
        finally:
            admitted.leave()

    def submit_idle(self, work: Callable[[], T]) -> "Future[T]":
        """Have `work` run in the lane while no strip has a place; cancel the future to have it left out.

        A strip that comes overtakes all but the piece that runs, and waits for that: a piece is at most the inference
        of one frame. The future raises NotReady when the service stops first.
        """
        piece = Work(work)
        with self._changed:
            if not self._closed:
                self._idle.append(piece)
                self._changed.notify_all()
                return piece.future
        piece.refuse(_stopping())
        return piece.future

    def pause(self, timeout_s: float) -> None:
        """Wait until nothing runs in the lane or waits for it, `timeout_s` at most."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._running or self._queue), timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Refuse new strips and wait for those admitted; False when the lane has not ended after `timeout_s`.

        A strip that only waits for its frames by then holds nothing up. Idle work that has not begun never will.
        """
        with self._changed:
            self._closed = True
            left_out, self._idle = self._idle, deque()
            self._changed.notify_all()
        for piece in left_out:
            piece.refuse(_stopping())
        with self._changed:
            self._changed.wait_for(lambda: not (self._admitted or self._running), timeout_s)
            return not (self._running or self._queue)

    def submit(self, job: _Job) -> None:
        """Queue a piece of work of a strip that has a place."""
        with self._changed:
            self._queue.append(job)
            self._changed.notify_all()

    def leave(self, admitted: Admitted) -> bool:
        """See Admitted.leave."""
        with self._changed:
            waited = len(self._queue)
            self._queue = deque(job for job in self._queue if job.admitted is not admitted)
            admitted.left = True
            if self._running is None or admitted is not self._running.admitted:
                self._admitted.discard(admitted)
            self._changed.notify_all()
            return len(self._queue) < waited

    def _lane(self) -> None:
        while job := self._next():
            deliver = job.work.run()
            self._free(job.admitted)  # first, so that whoever gets the result finds the lane free
            deliver()

    def _free(self, admitted: Admitted | None) -> None:
        with self._changed:
            self._running = None
            if admitted is not None and admitted.left:
                self._admitted.discard(admitted)
            self._changed.notify_all()

    def _next(self) -> _Job | None:
        with self._changed:
            while not (self._queue or (self._idle and not self._admitted)):
                if self._closed and not self._admitted:
                    return None
                self.beats += 1
                self._changed.wait(self._beat_s)
            self.beats += 1
            self._running = self._queue.popleft() if self._queue else _Job(None, self._idle.popleft())
            return self._running


def _stopping() -> NotReady:
    return NotReady("the service is about to stop")
