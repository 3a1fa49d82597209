"""Connections that never came to a call: gRPC tells of a handshake's begin, and keeps its failure to itself."""

import math
import threading
import time
from collections import OrderedDict, deque

from stripsight.timing import Clock

_GRACE_S = 30.0
_PEERS_MAX = 4096
# A port that was used longer ago belongs to another connection by now.
_SAME_S = 600.0


class Handshakes:
    """Counts handshakes that no call followed within `grace_s`: refused certificates, and probes of the port.

    Which of the begun ones a call belongs to is not known; the count is right all the same. Any thread may call.
    """

    def __init__(self, grace_s: float = _GRACE_S, clock: Clock = time.monotonic) -> None:
        """Begin without a connection."""
        self._grace_s = grace_s
        self._clock = clock
        self._begun: deque[float] = deque()
        self._peers: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def began(self) -> None:
        """Take note of a new connection."""
        with self._lock:
            self._begun.append(self._clock())

    def called(self, peer: str) -> None:
        """Take note of a call from `peer`, an address with the port that tells one connection from the others."""
        with self._lock:
            now, before = self._clock(), self._peers.pop(peer, -math.inf)
            self._peers[peer] = now
            if now - before < _SAME_S:
                return
            if len(self._peers) > _PEERS_MAX:
                self._peers.popitem(last=False)
            if self._begun:
                self._begun.popleft()

    def overdue(self, *, last: bool = False) -> int:
        """Return how many have become overdue since the last time; all that wait for a call, when it is the `last`."""
        with self._lock:
            until, count = self._clock() - self._grace_s, 0
            while self._begun and (last or self._begun[0] <= until):
                self._begun.popleft()
                count += 1
            return count
