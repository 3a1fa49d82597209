"""The strips that calls are about now: one call a strip at a time, and a lot is quiet when it has none."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stripsight.errors import SlotTooShort
from stripsight.strip import StripKey
from stripsight.timing import Clock


class UnderWay:
    """Calls may come from any thread. `clock` is the one that times are given in."""

    def __init__(self, clock: Clock) -> None:
        """Begin with no strip."""
        self._clock = clock
        self._keys: set[StripKey] = set()
        self._changed = threading.Condition()

    @contextmanager
    def alone(self, key: StripKey, until: float) -> Iterator[None]:
        """Hold a strip: a call that repeats it meanwhile waits here. Raises SlotTooShort when it waited to `until`."""
        if not self._wait(lambda: key not in self._keys, until, lambda: self._keys.add(key)):
            raise SlotTooShort("the time was up while another call about the same strip was answered")
        try:
            yield
        finally:
            with self._changed:
                self._keys.remove(key)
                self._changed.notify_all()

    def settled(self, lot_id: str, timeout_s: float) -> bool:
        """Wait until no strip of a lot is under way, its record included; False when one still is."""
        return self._wait(lambda: all(key.lot_id != lot_id for key in self._keys), self._clock() + timeout_s)

    def _wait(self, until_true: Callable[[], bool], until: float, then: Callable[[], None] = lambda: None) -> bool:
        with self._changed:
            found = self._changed.wait_for(until_true, max(0.0, until - self._clock()))
            if found:
                then()
            return found
