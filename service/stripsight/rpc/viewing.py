"""What people may look at while a server inspects."""

from collections.abc import Callable

from stripsight.inspection.v1.record_service_pb2 import WatchInspectionsResponse
from stripsight.journal.journal import Journal
from stripsight.live import LiveBundle
from stripsight.metrics import Metrics
from stripsight.rpc import write_records
from stripsight.settings import Settings
from stripsight.station.station import Station
from stripsight.viewing.broadcast import Broadcast
from stripsight.viewing.gallery import Gallery
from stripsight.viewing.hub import Hub
from stripsight.viewing.kept import KeptFrames
from stripsight.viewing.records import Records
from stripsight.viewing.sight import LastStrips

# How many may look at the record at once.
READERS = 4


class ServedViews:
    """Open from before the first call until after the last, and closed before the record is."""

    def __init__(
        self, settings: Settings, station: Station, journal: Journal, kept: KeptFrames, metrics: Metrics
    ) -> None:
        """Show what `station` answers and `journal` keeps; `kept` are the frames of past strips. Raises RecordError."""
        self._station, self._journal = station, journal
        self.records = Records(journal.folder, kept, READERS)
        self.hub: Hub[WatchInspectionsResponse] = Hub(settings.viewers, metrics.viewing.skipped)
        last = LastStrips()
        self.gallery = Gallery(last, kept, self._judge_of, station.lane)
        self._broadcast = Broadcast(
            self.hub,
            self.gallery,
            last,
            judge_of=self._judge_of,
            record_of=self.records.at,
            tells=write_records.recorded_event,
            shows=write_records.pictures_event,
        )
        self._before: Callable[[], LiveBundle | None] = lambda: None
        metrics.viewing.viewers_are(lambda: self.hub.viewers)
        station.listen(self._broadcast.hear)

    def also_by(self, before: Callable[[], LiveBundle | None]) -> None:
        """Draw heatmaps by the bundle that `before` returns too, for strips that it judged before a change."""
        self._before = before

    @property
    def last_seq(self) -> int:
        """The number of the last record."""
        return self._journal.link.seq

    def end(self) -> None:
        """End every view at once, and let nobody in any more."""
        self.hub.close()

    def close(self) -> None:
        """Close what was opened."""
        self._broadcast.close()
        self.records.close()

    def _judge_of(self, bundle_id: str) -> LiveBundle | None:
        """Return a bundle that is there with its engine, by its id."""
        there = (self._station.live, self._before())
        found = (one for one in there if one is not None and one.inspector is not None)
        return next((one for one in found if one.bundle.bundle_id == bundle_id), None)
