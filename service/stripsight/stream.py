"""A strip whose frames come one by one: each is worked on while the next is on its way.

Whoever receives the call's messages puts them in as they come and never waits; whoever answers the call takes the
answers out. In between stands a queue, so that time runs from when a frame arrived, not from when it was looked at.
"""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from stripsight.admission import Place
from stripsight.errors import HeaderError, StreamIdle
from stripsight.frame import FrameData, check_count, check_index
from stripsight.inspector import Inspector
from stripsight.recipe import Recipe
from stripsight.steps import StripSteps
from stripsight.strip import Inspection, RejectedEarly, StripHeader
from stripsight.timing import Clock
from stripsight.verdict import Cause

Part = StripHeader | FrameData
Answer = RejectedEarly | Inspection


@dataclass(frozen=True)
class Terms:
    """What a station asks of a streamed strip and does for it.

    `deadline` gives the time by which the answer must be there, of when the last frame arrived. `run` runs a piece of
    work in the lane, `late` writes the answer of a strip that has none in time; `overtaken` gets the work that goes on.
    """

    recipe: Recipe
    idle_s: float
    deadline: Callable[[float], float]
    run: Callable[[Callable[[], Any]], Any]
    late: Callable[[StripHeader], Inspection]
    overtaken: Callable[["Future[Any]"], None]
    clock: Clock


@dataclass(frozen=True)
class _Arrived:
    part: Part
    at: float


class _Ended:
    """The machine has sent all that it will."""


class StripStream:
    """One streamed strip, at a place of its own until it is answered."""

    def __init__(self, inspector: Inspector, place: Place, terms: Terms) -> None:
        """Begin with nothing received."""
        self._inspector = inspector
        self._place = place
        self._terms = terms
        # What arrived, what failed, what the lane has done.
        self._events: queue.SimpleQueue[_Arrived | _Ended | Exception | Future[Any]] = queue.SimpleQueue()
        self._indices: list[int] = []
        self._work: Future[Any] | None = None
        self._inspection: Inspection | None = None
        self._told = self._ended = False
        self._deadline: float | None = None  # known once all frames are there
        self.arrived = terms.clock()
        """When the last header or frame came."""

    @property
    def messages_max(self) -> int:
        """How many are worth receiving: what comes after one frame too many changes nothing."""
        return len(self._terms.recipe.frame.indices) + 2

    def put(self, part: Part) -> None:
        """Take what has just arrived: first the header, then each frame. Any thread."""
        self._events.put(_Arrived(part, self._terms.clock()))

    def end(self) -> None:
        """Take note that nothing more will come. Any thread."""
        self._events.put(_Ended())

    def fail(self, error: Exception) -> None:
        """Have `answers` raise `error`. Any thread."""
        self._events.put(error)

    def answers(self) -> Iterator[Answer]:
        """Yield at most one RejectedEarly, as soon as a frame but the last rejects the strip, and then the Inspection.

        The Inspection waits for `end`, so that a frame too many is never passed over. Raises HeaderError, StreamIdle,
        what was given to `fail`, and what an inspection whose frames come at once raises.
        """
        try:
            header = self._header()
            steps = self._inspector.begin(header)
            while not (self._inspection and self._ended):
                event = self._next()
                if event is None:
                    self._inspection, self._ended = self._overtaken(header), True
                elif isinstance(event, Future):
                    yield from self._done(event.result())
                else:
                    self._receive(event, steps)
            self._place.leave()  # before the answer is sent, which may take its time
            yield self._in_time(self._inspection)
        finally:
            self._place.leave()

    def _next(self) -> "_Arrived | _Ended | Future[Any] | None":
        """Wait for what happens next; None when the answer has to go."""
        until = self.arrived + self._terms.idle_s if self._deadline is None else self._deadline
        try:
            event = self._events.get(timeout=max(0.0, until - self._terms.clock()))
        except queue.Empty:
            if self._deadline is not None:
                return None
            idle_ms = round(self._terms.idle_s * 1000)
            raise StreamIdle(
                f"expected a frame or the end within {idle_ms} ms, found neither", idle_ms=idle_ms
            ) from None
        if isinstance(event, Exception):
            raise event
        if isinstance(event, _Arrived):
            self.arrived = event.at
        return event

    def _header(self) -> StripHeader:
        event = self._next()
        if isinstance(event, _Arrived) and isinstance(event.part, StripHeader):
            return event.part
        raise _header_error("a header as the first message", "a frame" if isinstance(event, _Arrived) else "none")

    def _receive(self, event: _Arrived | _Ended, steps: StripSteps) -> None:
        if isinstance(event, _Ended):
            check_count(len(self._indices), self._terms.recipe)
            self._ended = True
        elif isinstance(event.part, StripHeader):
            raise _header_error("one header", "a second one")
        else:
            self._take(event.part, steps)

    def _take(self, frame: FrameData, steps: StripSteps) -> None:
        """Give a frame to the lane, the last one together with all that is left to do."""
        position, recipe = len(self._indices), self._terms.recipe
        self._indices.append(frame.index)
        if position >= len(recipe.frame.indices):
            check_count(position + 1, recipe)
        check_index(self._indices, position, recipe)
        work: Callable[[], Any] = partial(steps.add, frame, f"frames[{position}]")
        if position + 1 == len(recipe.frame.indices):
            self._deadline = self._terms.deadline(self.arrived)
            work = partial(_finished, steps, frame, f"frames[{position}]", self._deadline)
        self._work = self._place.submit(partial(self._terms.run, work))
        self._work.add_done_callback(self._events.put)

    def _done(self, found: Answer | None) -> Iterator[RejectedEarly]:
        if isinstance(found, Inspection):
            self._inspection = found
        elif found is not None and not self._told:
            self._told = True
            yield found

    def _overtaken(self, header: StripHeader) -> Inspection:
        if self._work is not None:
            self._work.add_done_callback(self._terms.overtaken)
        return self._terms.late(header)

    def _in_time(self, inspection: Inspection) -> Inspection:
        if self._deadline is not None and self._terms.clock() <= self._deadline:
            return inspection
        return replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))


def _finished(steps: StripSteps, frame: FrameData, field: str, deadline: float) -> Inspection:
    steps.decode(frame, field)
    return steps.finish(deadline)


def _header_error(expected: str, found: str) -> HeaderError:
    return HeaderError(f"expected {expected}, found {found}", field="header", expected=expected, found=found)
