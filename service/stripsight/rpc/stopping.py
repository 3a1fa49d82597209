"""How the server is told to end: by a signal, or by something that failed."""

import queue
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from stripsight.exits import Exit

_LOOK_S = 0.1


class Stopping:
    """The first word about how to end is the one that counts."""

    def __init__(self) -> None:
        """Nothing has asked for the end yet."""
        # A signal handler may call its put, but not the set of an Event that the same thread waits for.
        self._asked: queue.SimpleQueue[Exit] = queue.SimpleQueue()

    def ask(self, how: Exit) -> None:
        """Let `wait` return `how`. Any thread and any signal handler may call it."""
        self._asked.put(how)

    def wait(self) -> Exit:
        """Return how to end, once something asks for it."""
        while True:
            # Not without a limit: a signal that comes when the wait has begun but does not sleep yet runs its
            # handler only after the sleep, so that nothing would ever end it.
            with suppress(queue.Empty):
                return self._asked.get(timeout=_LOOK_S)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT ask for the end, both in the same way."""
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in before:
            signal.signal(number, lambda *_: self.ask(Exit.OK))
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
