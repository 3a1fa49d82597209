"""What one server is made of: the bundle, the record, the station, and all that people and machines ask."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from stripsight.bundle import Bundle, Trust, load
from stripsight.engine import Engine
from stripsight.errors import RecordError, StripsightError
from stripsight.metrics import Metrics
from stripsight.rpc.changes import changer_of
from stripsight.rpc.entry import Entry
from stripsight.rpc.lots_served import ServedLots
from stripsight.rpc.pictures import ServedPictures
from stripsight.rpc.record import ServedRecord
from stripsight.rpc.viewing import ServedViews
from stripsight.settings import Settings
from stripsight.station.station import Station
from stripsight.timing import Clock


@dataclass(frozen=True)
class Seams:
    """For tests: engines that are slow or fail, time that passes in a leap, a disk that fills."""

    start_engine: Callable[[Bundle, Settings], Engine]
    clock: Clock
    free: Callable[[Path], int]


@dataclass(frozen=True)
class Ears:
    """Who hears that the service fails, that it takes strips or none, and that the record is to be closed."""

    failed: Callable[[StripsightError], None]
    held: Callable[[Station], None]
    close_record: Callable[[ServedRecord], None]


class Parts:
    """The parts of one server, each made of those before it."""

    def __init__(self, settings: Settings, seams: Seams, ears: Ears, opened: ExitStack) -> None:
        """Load the bundle and open the rest; what is to be closed is left to `opened`.

        Raises BundleError or RecipeError, RecordError and CertificateError.
        """
        self._failed = ears.failed  # which becomes the station's own once there is one
        trust = Trust.of(settings.bundle_keys, development=settings.development_mode)
        self.bundle = load(settings.bundle, trust)
        self.slot_s = (settings.slot_ms or self.bundle.recipe.slot.duration_ms) / 1000
        self.registry = CollectorRegistry()
        for collector in (GCCollector, PlatformCollector, ProcessCollector):
            collector(registry=self.registry)
        self.metrics = Metrics(self.registry)
        self.metrics.service.development_mode(trust.development)
        self.record = ServedRecord(settings, self.metrics, self._record_failed)
        opened.callback(ears.close_record, self.record)
        self.record.started(self.bundle, development=trust.development)
        self.entry = Entry(settings, self.metrics, self.record.journal)
        opened.callback(self.entry.close)
        self.lots = ServedLots(settings, self.record.journal)
        self.station = self._station(settings, seams.clock, ears.failed, trust)
        self._failed = self.station.fail
        pictures = ServedPictures(settings, self.station, self.metrics, lambda: ears.held(self.station), seams.free)
        opened.callback(pictures.close)
        self.views = ServedViews(settings, self.station, self.record.journal, pictures.folder, self.metrics)
        opened.callback(self.views.close)
        self.lots.serve(self.station, self.metrics.lots, seams.clock)
        self.changer = changer_of(
            settings,
            self.station,
            self.metrics,
            trust=trust,
            journal=self.record.journal,
            lots=self.lots.book,
            start_engine=seams.start_engine,
            clock=seams.clock,
        )
        self.views.also_by(lambda: self.changer.before)

    def _station(
        self, settings: Settings, clock: Clock, failed: Callable[[StripsightError], None], trust: Trust
    ) -> Station:
        station = Station(
            self.bundle,
            self.metrics,
            journal=self.record.journal,
            waiting=settings.waiting,
            slot_s=self.slot_s,
            idle_s=settings.stream_idle_ms / 1000,
            on_failure=failed,
            lots=self.lots.book,
            clock=clock,
            development=trust.development,
        )
        station.alarms.add(self.record.patrol.alarms)
        station.alarms.add(lambda: self.entry.alarms)
        return station

    def _record_failed(self, error: RecordError) -> None:
        self._failed(error)
