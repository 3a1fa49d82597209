"""Room on a disk: what stops first, and when it goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stripsight.alarms import AlarmCode
from stripsight.pictures.disk import DiskWatch, Room, free_bytes

FLOOR = 1_000_000_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Disk:
    """A disk whose free megabytes the test sets, each look a minute after the last."""

    def __init__(self, free_mb: int | None) -> None:
        self.free_mb, self.now = free_mb, BEGIN
        self.watch = DiskWatch(Path("/records"), FLOOR, free=self.measured, now=lambda: self.now)

    def measured(self, folder: Path) -> int:
        """Tell what is free, or that the disk is gone."""
        assert folder == Path("/records")
        if self.free_mb is None:
            raise OSError("gone")
        return self.free_mb * 1_000_000

    def becomes(self, free_mb: int | None) -> Room:
        """Look after a change."""
        self.free_mb = free_mb
        self.now += timedelta(minutes=1)
        self.watch.look()
        return self.watch.room


@pytest.mark.parametrize(
    ("free_mb", "room"),
    [(2000, Room.ENOUGH), (1999, Room.NO_PICTURES), (1000, Room.NO_PICTURES), (999, Room.FULL), (None, Room.FULL)],
)
def test_pictures_stop_before_inspection_does(free_mb: int | None, room: Room) -> None:
    """Pictures at twice the floor, inspection at the floor; a disk that cannot be asked has no room."""
    assert Disk(free_mb).watch.room is room
    assert Disk(100_000).becomes(free_mb) is room


def test_it_goes_on_when_there_is_room_again_and_a_little_more() -> None:
    """So that alarms do not come and go with each record."""
    disk = Disk(100_000)
    rooms = [disk.becomes(free_mb) for free_mb in (999, 1099, 1100, 2199, 2200, 1999)]
    expected = [Room.FULL, Room.FULL, Room.NO_PICTURES, Room.NO_PICTURES, Room.ENOUGH, Room.NO_PICTURES]
    assert rooms == expected


def test_an_alarm_says_what_is_missing_and_since_when() -> None:
    """One at a time; the one that stops inspection is urgent."""
    disk = Disk(100_000)
    assert disk.watch.alarms == ()
    disk.becomes(1500)
    disk.becomes(1400)
    (alarm,) = disk.watch.alarms
    assert (alarm.code, alarm.urgent) == (AlarmCode.DISK_PICTURES_STOPPED, False)
    assert alarm.since == BEGIN + timedelta(minutes=1)
    disk.becomes(500)
    (alarm,) = disk.watch.alarms
    assert (alarm.code, alarm.urgent) == (AlarmCode.DISK_FULL, True)
    assert alarm.since == BEGIN + timedelta(minutes=3)
    assert "/records: inspection needs 1000 MB free, found 500 MB" in alarm.message


def test_no_floor_is_never_missed() -> None:
    """0 switches it off, also on a disk without a byte."""
    assert DiskWatch(Path("/records"), 0, free=lambda _: 0).room is Room.ENOUGH


def test_a_real_disk_is_asked(tmp_path: Path) -> None:
    """A floor above what is free, and one far below."""
    free = free_bytes(tmp_path)
    assert free > 0
    assert DiskWatch(tmp_path, free * 2).room is Room.FULL
    assert DiskWatch(tmp_path, free // 4).room is Room.ENOUGH


def test_whoever_watches_hears_of_changes_and_of_room_that_is_missing_already() -> None:
    """Once each; nothing is told as long as nothing is wrong."""
    heard: list[Room] = []
    full, fine = Disk(100), Disk(100_000)
    full.watch.watch(heard.append, every_s=1e6)
    fine.watch.watch(heard.append, every_s=1e6)
    assert heard == [Room.FULL]
    for free_mb in (90_000, 1500, 1400, 90_000):
        fine.becomes(free_mb)
    assert heard == [Room.FULL, Room.NO_PICTURES, Room.ENOUGH]
    full.watch.close()
    fine.watch.close()
