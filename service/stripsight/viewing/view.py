"""What one viewer has yet to get. Who does not keep up gets the latest, and the number of those left out."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

M = TypeVar("M")


@dataclass(frozen=True)
class Shown(Generic[M]):
    """A message about the inspection with a record's number, which it tells of first or adds pictures to."""

    message: M
    record_seq: int
    is_picture: bool = False


class View(Generic[M]):
    """The messages for one viewer, at most `depth` of which wait. Calls may come from any thread."""

    def __init__(self, depth: int, on_skip: Callable[[], None]) -> None:
        """Begin with none; `on_skip` hears of each inspection that is left out."""
        self._depth = depth
        self._on_skip = on_skip
        self._waiting: deque[Shown[M]] = deque()
        self._told: deque[int] = deque(maxlen=4 * depth)  # pictures come soon, or not at all
        self._skipped = 0
        self._error: Exception | None = None
        self._left = False
        self._changed = threading.Condition()

    def put(self, shown: Shown[M]) -> None:
        """Add a message; the oldest makes room for it. A picture of an inspection that was left out is too."""
        with self._changed:
            if shown.is_picture and shown.record_seq not in self._told:
                return
            if not shown.is_picture:
                self._told.append(shown.record_seq)
            self._waiting.append(shown)
            if len(self._waiting) > self._depth:
                self._leave_out()
            self._changed.notify_all()

    def skip(self) -> None:
        """Count an inspection that this viewer does not get."""
        with self._changed:
            self._count_skipped()

    def end(self, error: Exception) -> None:
        """Have `messages` raise `error` at once, whatever waits."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def leave(self) -> None:
        """Have `messages` end at once: the viewer is gone."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def messages(self) -> Iterator[tuple[M, int]]:
        """Yield each message with how many inspections were left out since the one before; wait for the next."""
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[M, int] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._error or self._left)
            if self._left:
                return None
            if self._error is not None:
                raise self._error
            skipped, self._skipped = self._skipped, 0
            return self._waiting.popleft().message, skipped

    def _leave_out(self) -> None:
        oldest = self._waiting.popleft()
        if oldest.is_picture:
            return
        self._count_skipped()
        self._told.remove(oldest.record_seq)
        pictures = [shown for shown in self._waiting if shown.is_picture and shown.record_seq == oldest.record_seq]
        for picture in pictures:
            self._waiting.remove(picture)

    def _count_skipped(self) -> None:
        self._skipped += 1
        self._on_skip()
