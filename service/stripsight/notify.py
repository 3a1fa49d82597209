"""What supervises this process, if anything does: systemd, told of the start, the end and that the lane still moves.

The protocol is sd_notify(3): one datagram of NAME=VALUE lines to the socket that NOTIFY_SOCKET names.
"""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

Notify = Callable[[str], None]

# The supervisor's patience allows several looks, so that one that comes late costs nothing.
_LOOKS = 4


class Supervisor:
    """Tells `notify` how the service is. `patience_s` is how long it may be silent once ready; None for ever."""

    def __init__(self, notify: Notify, patience_s: float | None = None) -> None:
        """Tell nothing yet."""
        self._notify = notify
        self._patience_s = patience_s
        self._ended = threading.Event()
        self._watch: threading.Thread | None = None

    def ready(self, what: str, beats: Callable[[], int]) -> None:
        """Say that strips are inspected; from now on stay silent while `beats`, the lane's count, stands still."""
        self._notify(f"READY=1\nSTATUS={what}")
        if self._patience_s is not None:
            arguments = (Watchdog(self._notify, beats), self._patience_s / _LOOKS)
            self._watch = threading.Thread(target=self._look, args=arguments, name="watchdog", daemon=True)
            self._watch.start()

    def stopping(self) -> None:
        """Say that it is about to end."""
        self._notify("STOPPING=1\nSTATUS=finishing the strips that were admitted")

    def close(self) -> None:
        """End the thread that looks at the lane."""
        self._ended.set()
        if self._watch is not None:
            self._watch.join()

    def _look(self, watchdog: "Watchdog", period_s: float) -> None:
        while not self._ended.wait(period_s):
            watchdog.look()


class Watchdog:
    """Says WATCHDOG=1 when the lane has moved since the last look, and never because time went by."""

    def __init__(self, notify: Notify, beats: Callable[[], int]) -> None:
        """Take where the lane is now as the beginning."""
        self._notify = notify
        self._beats = beats
        self._seen = beats()

    def look(self) -> None:
        """Look once."""
        beats = self._beats()
        if beats != self._seen:
            self._seen = beats
            self._notify("WATCHDOG=1")


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


def _patience_s(environment: Mapping[str, str]) -> float | None:
    """WATCHDOG_USEC, unless WATCHDOG_PID says that it is meant for another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) else None
