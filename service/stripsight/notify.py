"""What supervises this process is told of the start, of the end, and whether the inspection lane still moves.

systemd's protocol is sd_notify(3): one datagram of NAME=VALUE lines to the socket that NOTIFY_SOCKET names.
"""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

Notify = Callable[[str], None]
Moves = Callable[[bool], None]

# The supervisor's patience allows several looks, so that one that comes late costs nothing.
_LOOKS = 4
# Where no supervisor says its own. The longest work in the lane takes a slot.
_PATIENCE_S = 10.0


class Supervisor:
    """Tells `notify` how the service is. `patience_s` is how long the lane may stand still."""

    def __init__(self, notify: Notify, patience_s: float = _PATIENCE_S) -> None:
        """Tell nothing yet."""
        self._notify = notify
        self.patience_s = patience_s
        self._ended = threading.Event()
        self._watch: threading.Thread | None = None

    def ready(self, what: str, beats: Callable[[], int], moves: Moves) -> None:
        """Say that strips are inspected; from now on stay silent while `beats`, the lane's count, stands still.

        `moves` is told the same, for those who ask instead of listening.
        """
        self._notify(f"READY=1\nSTATUS={what}")
        watchdog = Watchdog(self._notify, beats, moves)
        self._watch = threading.Thread(target=self._look, args=(watchdog,), name="watchdog", daemon=True)
        self._watch.start()

    def stopping(self) -> None:
        """Say that it is about to end."""
        self._notify("STOPPING=1\nSTATUS=finishing the strips that were admitted")

    def close(self) -> None:
        """End the thread that looks at the lane."""
        self._ended.set()
        if self._watch is not None:
            self._watch.join()

    def _look(self, watchdog: "Watchdog") -> None:
        while not self._ended.wait(self.patience_s / _LOOKS):
            watchdog.look()


class Watchdog:
    """Says WATCHDOG=1 when the lane has moved since the last look, and never because time went by."""

    def __init__(self, notify: Notify, beats: Callable[[], int], moves: Moves) -> None:
        """Take where the lane is now as the beginning."""
        self._notify = notify
        self._beats = beats
        self._moves = moves
        self._still = 0
        self._seen = beats()

    def look(self) -> None:
        """Look once."""
        beats = self._beats()
        if beats == self._seen:
            self._still += 1
        else:
            self._seen, self._still = beats, 0
            self._notify("WATCHDOG=1")
        self._moves(self._still < _LOOKS)


def supervisor(environment: Mapping[str, str] = os.environ) -> Supervisor:
    """Return the supervisor that the environment names; without one, what is told goes nowhere."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return Supervisor(lambda _: None)
    return Supervisor(socket_at(address), _patience_s(environment))


def socket_at(address: str) -> Notify:
    """Return what sends a message to a path, or to an abstract name written as @name.

    A supervisor that is away or does not read costs no verdict: its message is lost.
    """
    name = f"\0{address[1:]}" if address.startswith("@") else address

    def send(message: str) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(message.encode(), name)

    return send


def _patience_s(environment: Mapping[str, str]) -> float:
    """WATCHDOG_USEC, unless WATCHDOG_PID says that it is meant for another process."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    own = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1e6 if own and microseconds.isdecimal() and int(microseconds) else _PATIENCE_S
