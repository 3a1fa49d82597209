"""One timer for the stages of an inspection; its numbers feed the reply, the histogram and the benchmark."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class StageTimer:
    """Times named stages in seconds, and the whole but for its pauses.

    A stage entered twice adds up. A stage that raises is kept too: the time was spent.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Start now. `clock` returns seconds and never goes back."""
        self._clock = clock
        self._start = clock()
        self._before = 0.0
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside the block to `name`."""
        start = self._clock()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + self._clock() - start

    def pause(self) -> None:
        """Leave out of the whole what passes until `resume`."""
        self._before = self.total_s

    def resume(self) -> None:
        """Go on after a pause."""
        self._start = self._clock()

    @property
    def total_s(self) -> float:
        """Seconds since the timer was made, with the time between stages and without pauses. Not while paused."""
        return self._before + self._clock() - self._start
