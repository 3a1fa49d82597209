"""Room on the disk of the record: when it runs out, pictures stop first, and inspection before the record has to."""

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from stripsight.alarms import Alarm, AlarmCode

LOOK_S = 1.0
_PICTURES = 2  # pictures stop at so many times the floor
_BACK = 1.1  # and it takes a little more than what was missed until it goes on, so that it does not come and go


class Room(IntEnum):
    """What the room is enough for. The numbers rise with the need."""

    ENOUGH = 0
    NO_PICTURES = 1
    FULL = 2


def free_bytes(folder: Path) -> int:
    """Return how many bytes are free for the service on the disk of `folder`. Raises OSError."""
    return shutil.disk_usage(folder).free


class DiskWatch:
    """Looks at the disk of a directory. `look` is for one thread at a time; the rest may come from any."""

    def __init__(
        self,
        folder: Path,
        floor_bytes: int,
        *,
        free: Callable[[Path], int] = free_bytes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Look once. `floor_bytes` must be free for inspection, twice as much for pictures; 0 is never missed.

        `free` and `now` are seams for the disk and the wall clock.
        """
        self._folder, self._floor, self._now = folder, floor_bytes, now
        self._measure = free
        self._changed: Callable[[Room], None] = lambda _: None
        self._since = now()
        self._ended = threading.Event()
        self.room = Room.ENOUGH
        self.free = 0
        """Bytes that were free at the last look."""
        self.look()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What a person must see to."""
        room, since = self.room, self._since
        if room is Room.ENOUGH:
            return ()
        code = AlarmCode.DISK_FULL if room is Room.FULL else AlarmCode.DISK_PICTURES_STOPPED
        return (Alarm(code, self.sentence(room), since, urgent=room is Room.FULL),)

    def sentence(self, room: Room) -> str:
        """Say what the room is not enough for."""
        what, floor = ("inspection needs", 1) if room is Room.FULL else ("pictures need", _PICTURES)
        return (
            f"{self._folder}: {what} {_mb(floor * self._floor)} free, found {_mb(self.free)}; "
            "it goes on when there is room again"
        )

    def watch(self, changed: Callable[[Room], None], every_s: float = LOOK_S) -> None:
        """Tell `changed` from now on whenever the room changes, and now unless it is enough."""
        self._changed = changed
        if self.room is not Room.ENOUGH:
            changed(self.room)
        threading.Thread(target=self._look_on, args=(every_s,), name="disk", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()

    def look(self) -> None:
        """Look at the disk now. One that cannot be asked has no room."""
        try:
            self.free = self._measure(self._folder)
        except OSError:
            self.free = 0
        room = next(room for room in reversed(Room) if self._needs(room))
        if room is not self.room:
            self._since, self.room = self._now(), room
            self._changed(room)

    def _needs(self, room: Room) -> bool:
        """Tell whether no more than `room` is there; what stands already takes more to end."""
        floor = self._floor * {Room.FULL: 1, Room.NO_PICTURES: _PICTURES, Room.ENOUGH: 0}[room]
        return room is Room.ENOUGH or self.free < floor * (_BACK if self.room >= room else 1)

    def _look_on(self, every_s: float) -> None:
        while not self._ended.wait(every_s):
            self.look()


def _mb(count: float) -> str:
    return f"{count / 1e6:.0f} MB"
