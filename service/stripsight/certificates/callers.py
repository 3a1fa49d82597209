"""Certificates of those who call, so that one that ends is known before its calls are refused."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from stripsight.access.roles import Caller
from stripsight.alarms import Alarm
from stripsight.certificates.watch import expiry

_CALLERS_MAX = 100


class Callers:
    """Remembers the last hundred callers by name, each with its latest certificate. Any thread may ask."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` tells the time, in UTC."""
        self._now = now
        self._ends: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def seen(self, caller: Caller) -> None:
        """Take note of one that calls with a certificate that is valid."""
        if caller.not_after is None:
            return
        with self._lock:
            self._ends[caller.name] = caller.not_after
            self._ends.move_to_end(caller.name)
            if len(self._ends) > _CALLERS_MAX:
                self._ends.popitem(last=False)

    @property
    def ends(self) -> dict[str, datetime]:
        """The end of each certificate that has not ended: of one that has, nobody calls any more."""
        with self._lock:
            return {name: end for name, end in self._ends.items() if end > self._now()}

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Those that end within 30 days."""
        soon = (expiry(f"caller {name}'s", end, self._now()) for name, end in self.ends.items())
        return tuple(alarm for alarm in soon if alarm is not None)
