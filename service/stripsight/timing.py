"""One timer for the stages of an inspection; its numbers feed the reply, the histogram and the benchmark."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]


class StageTimer:
    """Times named stages in seconds.

    A stage entered twice adds up. A stage that raises is kept too: the time was spent.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Start now. `clock` returns seconds and never goes back."""
        self._clock = clock
        self._start = clock()
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside the block to `name`."""
        start = self._clock()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + self._clock() - start

    @property
    def total_s(self) -> float:
        """Seconds since the timer was made, including the time between stages."""
        return self._clock() - self._start
