"""The pictures of a server, and the disk that they share with the record: what is kept, and what stops without room."""

from collections.abc import Callable
from pathlib import Path

import structlog

from stripsight.errors import RecordError
from stripsight.metrics import Metrics
from stripsight.pictures.choice import Choice
from stripsight.pictures.disk import DiskWatch, Room, free_bytes
from stripsight.pictures.folder import NAME, PictureFolder
from stripsight.pictures.keeper import PictureKeeper
from stripsight.pictures.store import Limits, PictureStore
from stripsight.settings import Settings
from stripsight.station.station import Station

# For the pictures of the last strips.
_LAST_PICTURES_S = 1.0

_log = structlog.get_logger()


class ServedPictures:
    """Open from before the first call until after the last."""

    def __init__(
        self,
        settings: Settings,
        station: Station,
        metrics: Metrics,
        held: Callable[[], None],
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Begin to keep pictures and to watch the disk; `held` hears that the station takes strips, or none.

        `free` measures the disk. Raises RecordError when the directory of the pictures cannot be read.
        """
        self._station, self._held = station, held
        self.folder = PictureFolder(settings.record_dir / NAME)
        self.disk = DiskWatch(settings.record_dir, settings.disk_floor_bytes, free=free)
        self._keeper = self._keeping(settings, metrics) if settings.picture_bytes else None
        metrics.pictures.free_is(lambda: self.disk.free)
        station.alarms.add(lambda: self.disk.alarms)
        self.disk.watch(self._changed)

    def close(self) -> None:
        """Write what is waiting, within a second."""
        self.disk.close()
        if self._keeper is not None:
            self._keeper.close(_LAST_PICTURES_S)

    def _keeping(self, settings: Settings, metrics: Metrics) -> PictureKeeper:
        try:
            store = PictureStore(self.folder, Limits(settings.picture_days, settings.picture_bytes))
        except OSError as error:
            raise RecordError(f"{self.folder.path}: expected a directory for pictures, found: {error}") from error
        keeper = PictureKeeper(
            store,
            Choice(settings.picture_sample, settings.picture_seed),
            metrics.pictures,
            beside=self._station.lane.beside,
            may_write=lambda: self.disk.room is Room.ENOUGH,
        )
        self._station.listen(keeper.answered)
        return keeper

    def _changed(self, room: Room) -> None:
        self._station.hold(self.disk.sentence(room) if room is Room.FULL else "")
        self._held()
        _log.info("disk", room=room.name, free_bytes=self.disk.free)
