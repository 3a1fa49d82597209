"""Whoever guesses has to wait, longer each time."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from stripsight.timing import Clock

_FREE = 5
_FIRST_S, _LONGEST_S = 30.0, 900.0
_KEYS_MAX = 10_000


@dataclass
class _Failures:
    count: int = 0
    until: float = 0.0


class Lockout:
    """Counts failures in a row by name or address. After the fifth, and each further one, nothing is tried for a time.

    The time begins with 30 s and doubles up to 15 min. Any thread may call.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Begin without a failure."""
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, *keys: str) -> float:
        """Return how long none of `keys` may try, in seconds; 0 when it may."""
        with self._lock:
            ends = [self._failures[key].until for key in keys if key in self._failures]
            return max([0.0, *(end - self._clock() for end in ends)])

    def failed(self, *keys: str) -> None:
        """Count a failure of each."""
        with self._lock:
            for key in keys:
                found = self._failures.setdefault(key, _Failures())
                self._failures.move_to_end(key)
                found.count += 1
                if found.count >= _FREE:
                    found.until = self._clock() + min(_FIRST_S * 2 ** min(found.count - _FREE, 10), _LONGEST_S)
            while len(self._failures) > _KEYS_MAX:
                self._failures.popitem(last=False)

    def passed(self, *keys: str) -> None:
        """Forget the failures of each."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)
