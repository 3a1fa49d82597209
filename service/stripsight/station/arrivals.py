"""What has happened to a streamed strip, in its order: what the machine sent, and what the lane has done with it.

Whoever receives the call's messages puts them in as they come and never waits; whoever answers the call takes them out.
In between stands a queue, so that time runs from when a frame arrived, not from when it was looked at.
"""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from stripsight.errors import HeaderError, StreamIdle
from stripsight.frame import FrameData
from stripsight.strip import StripHeader, StripKey
from stripsight.timing import Clock


@dataclass(frozen=True)
class Opening:
    """A header: the strip that it is about, and `read`, which returns it or raises what is wrong with it."""

    key: StripKey
    read: Callable[[], StripHeader]


class Ended:
    """The machine has sent all that it will."""


Part = Opening | FrameData


@dataclass(frozen=True)
class _Arrived:
    part: Part
    at: float


class Arrivals:
    """The messages of one stream. Any thread puts, one takes."""

    def __init__(self, frames: int, idle_s: float, clock: Clock) -> None:
        """Begin with nothing. `frames` is how many the product has, `idle_s` the longest wait for a further message."""
        self.messages_whole = frames + 1
        """How many make a strip: the header and the frames."""
        self._idle_s = idle_s
        self._clock = clock
        self._events: queue.SimpleQueue[_Arrived | Ended | Exception | Future[Any]] = queue.SimpleQueue()
        self.arrived = clock()
        """When the last of the messages that were taken out came, or the call."""
        self._frames: list[FrameData] = []

    @property
    def messages_max(self) -> int:
        """How many are worth receiving: what comes after one frame too many changes nothing."""
        return self.messages_whole + 1

    def put(self, part: Part) -> None:
        """Take what has just arrived: first the header, then each frame."""
        self._events.put(_Arrived(part, self._clock()))

    def end(self) -> None:
        """Take note that nothing more will come."""
        self._events.put(Ended())

    def fail(self, error: Exception) -> None:
        """Have whoever takes raise `error`."""
        self._events.put(error)

    def done(self, work: "Future[Any]") -> None:
        """Take note that a piece of work has ended."""
        self._events.put(work)

    def take(self, until: float | None = None) -> "Part | Ended | Future[Any] | None":
        """Return what happened next, None when nothing has by `until`.

        Raises what was given to `fail`, and StreamIdle when no `until` is given and nothing happens for too long.
        """
        waits_s = (self.arrived + self._idle_s if until is None else until) - self._clock()
        try:
            event = self._events.get(timeout=max(0.0, waits_s))
        except queue.Empty:
            if until is not None:
                return None
            idle_ms = round(self._idle_s * 1000)
            raise StreamIdle(
                f"expected a frame or the end within {idle_ms} ms, found neither", idle_ms=idle_ms
            ) from None
        if isinstance(event, Exception):
            raise event
        if isinstance(event, _Arrived):
            self.arrived = event.at
            if isinstance(event.part, FrameData):
                self._frames.append(event.part)
            return event.part
        return event

    def opening(self) -> Opening:
        """Wait for the header. Raises HeaderError and what `take` raises."""
        first = self.take()
        if isinstance(first, Opening):
            return first
        found = "a frame" if isinstance(first, FrameData) else "none"
        raise header_error("a header as the first message", found)

    def frames(self) -> list[FrameData]:
        """Wait for all frames, which nobody works on. Raises HeaderError and what `take` raises."""
        while isinstance(part := self.take(), Part):
            if isinstance(part, Opening):
                raise second_header()
        return self._frames

    def taken(self) -> list[FrameData]:
        """Return the frames that were taken out; never waits."""
        return self._frames


def second_header() -> HeaderError:
    """Return the error of a stream that has more than one header."""
    return header_error("one header", "a second one")


def header_error(expected: str, found: str) -> HeaderError:
    """Return the error of a stream whose header is not as it should be."""
    return HeaderError(f"expected {expected}, found {found}", field="header", expected=expected, found=found)
