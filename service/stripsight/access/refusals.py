"""Which refused callers go on record: each at once, its repeats as a count, so that nobody can flood the record."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from stripsight.timing import Clock

_PERIOD_S = 600.0
_KINDS_MAX = 64


@dataclass(frozen=True)
class Refused:
    """A caller by name and address, the method it asked for, and the reason that it may not. Empty is not known."""

    reason: str
    caller: str = ""
    address: str = ""
    method: str = ""


class Refusals:
    """Gives `write` each refusal when it is new in a period, and how often it came again once the period is over.

    Above `kinds_max` different ones in a period all others count as one, of which only the reason is known. Calls may
    come from any thread; `write` must not wait.
    """

    def __init__(
        self,
        write: Callable[[Refused, int], object],
        *,
        period_s: float = _PERIOD_S,
        kinds_max: int = _KINDS_MAX,
        clock: Clock = time.monotonic,
    ) -> None:
        """Begin without a refusal. A period ends with the first refusal after `period_s`, or with `flush`."""
        self._write = write
        self._period_s = period_s
        self._kinds_max = kinds_max
        self._clock = clock
        self._until = clock() + period_s
        self._repeats: dict[Refused, int] = {}
        self._lock = threading.Lock()

    def add(self, refused: Refused) -> None:
        """Take note of one."""
        with self._lock:
            if self._clock() >= self._until:
                self._flush()
            if refused not in self._repeats and len(self._repeats) >= self._kinds_max:
                refused = Refused(refused.reason)
            if refused in self._repeats:
                self._repeats[refused] += 1
            else:
                self._repeats[refused] = 0
                self._write(refused, 1)

    def flush(self) -> None:
        """End the period now."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        for refused, count in self._repeats.items():
            if count:
                self._write(refused, count)
        self._repeats.clear()
        self._until = self._clock() + self._period_s
