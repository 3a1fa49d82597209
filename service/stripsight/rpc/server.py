"""The server's life on one screen: start, ready, wait, drain, stop."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from stripsight import start
from stripsight.bundle import Bundle, Trust, load
from stripsight.checks import RecentFrames
from stripsight.engine import Engine
from stripsight.errors import RecordError, StripsightError
from stripsight.exits import Exit
from stripsight.keep_alive import KeepAlive
from stripsight.live import live
from stripsight.metrics import Metrics
from stripsight.notify import supervisor
from stripsight.pictures.disk import free_bytes
from stripsight.rpc.changes import changer_of
from stripsight.rpc.entry import Entry
from stripsight.rpc.health import Health
from stripsight.rpc.listen import listen_grpc, listen_metrics
from stripsight.rpc.lots_served import ServedLots
from stripsight.rpc.pictures import ServedPictures
from stripsight.rpc.record import ServedRecord
from stripsight.rpc.services import INSPECTION, OTHERS, assembled
from stripsight.rpc.stopping import Stopping
from stripsight.rpc.viewing import ServedViews
from stripsight.settings import Settings
from stripsight.station import Station
from stripsight.status import Readiness
from stripsight.timing import Clock

# For the replies that are on their way out when the last inspection has ended.
_LAST_REPLIES_S = 0.2

_log = structlog.get_logger()


def start_engine(bundle: Bundle, settings: Settings) -> Engine:
    """Start the engine on the bundle's graphs. Raises ProviderError or EngineError."""
    return start.start_engine(
        bundle, provider=settings.provider, threads=settings.threads, cache=settings.tensorrt_cache
    )


class Server:
    """One bundle served on one address, until a signal or a failure of the engine."""

    def __init__(
        self,
        settings: Settings,
        start_engine: Callable[[Bundle, Settings], Engine] = start_engine,
        clock: Clock = time.monotonic,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Read nothing, listen nowhere yet.

        `start_engine` is a seam for engines that are slow or fail, `clock` one for time that passes in a leap,
        `free` one for a disk that fills.
        """
        self._settings = settings
        self._supervisor = supervisor()
        self._start_engine = start_engine
        self._clock = clock
        self._free = free
        self._stopping = Stopping()
        self._health = Health(INSPECTION, OTHERS)
        self._open = ExitStack()
        self._ended = Exit.ERROR
        self._fail: Callable[[StripsightError], None] = self._failed

    def run(self) -> Exit:
        """Serve until SIGTERM, SIGINT or a failure; return how it ended. Raises what `start`, `ready` do."""
        with self._stopping.signals():
            try:
                self.start()
                self.ready()
                self._ended = self.wait()
                if not self.drain():
                    self._ended = Exit.STUCK
            finally:
                self.stop()
        return self._ended

    def start(self) -> None:
        """Load the bundle and listen: GetStatus answers, strips are refused.

        Raises BundleError or RecipeError, RecordError, CertificateError, and AddressTaken when a port is in use.
        """
        trust = Trust.of(self._settings.bundle_keys, development=self._settings.development_mode)
        self.bundle = load(self._settings.bundle, trust)
        self.slot_s = (self._settings.slot_ms or self.bundle.recipe.slot.duration_ms) / 1000
        registry = CollectorRegistry()
        for collector in (GCCollector, PlatformCollector, ProcessCollector):
            collector(registry=registry)
        metrics = Metrics(registry)
        self.record = ServedRecord(self._settings, metrics, self._record_failed)
        self._open.callback(self._close_record)
        self.record.started(self.bundle, development=trust.development)
        metrics.service.development_mode(trust.development)
        self.entry = Entry(self._settings, metrics, self.record.journal)
        self._open.callback(self.entry.close)
        self.lots = ServedLots(self._settings, self.record.journal)
        self.station = Station(
            self.bundle,
            metrics,
            journal=self.record.journal,
            waiting=self._settings.waiting,
            slot_s=self.slot_s,
            idle_s=self._settings.stream_idle_ms / 1000,
            on_failure=self._failed,
            lots=self.lots.book,
            clock=self._clock,
            development=trust.development,
        )
        self.station.alarms.add(self.record.patrol.alarms)
        self._fail = self.station.fail
        pictures = ServedPictures(self._settings, self.station, metrics, self._tell_health, self._free)
        self._open.callback(pictures.close)
        self.views = ServedViews(self._settings, self.station, self.record.journal, pictures.folder, metrics)
        self._open.callback(self.views.close)
        self.station.alarms.add(lambda: self.entry.alarms)
        self.lots.serve(self.station, metrics.lots, self._clock)
        self.changer = changer_of(
            self._settings,
            self.station,
            metrics,
            trust=trust,
            journal=self.record.journal,
            lots=self.lots.book,
            start_engine=self._start_engine,
            clock=self._clock,
        )
        self._grpc = assembled(
            self._settings,
            self.station,
            self.views,
            metrics,
            entry=self.entry,
            lots=self.lots.keeper,
            changer=self.changer,
            health_=self._health,
            clock=self._clock,
        )
        self.address = listen_grpc(self._grpc, self._settings.listen, self.entry.credentials)
        self.metrics_address, stop_metrics = listen_metrics(self._settings.metrics_listen, registry)
        self._open.callback(stop_metrics)
        self._grpc.start()
        self._health.listening()
        self._open.callback(self._grpc.stop, None)
        self._say("start")

    def ready(self) -> None:
        """Warm the engine up and run the challenge set on it, then serve.

        Raises ProviderError, EngineError, ChallengeError or RecordError.
        """
        engine = self._start_engine(self.bundle, self._settings)
        engine.warm_up(self.bundle.recipe.patch_count)
        steps = start.challenged(engine, self.bundle)
        self.lots.proved(steps)
        seq = self.record.loaded(self.bundle, engine.provider, start.passed(steps, self.bundle))
        self.changer.loaded(seq)
        self.station.opened(live(self.bundle, engine, RecentFrames(), clock=self._clock))
        self._tell_health()
        self.lots.begin()
        self._open.callback(self._supervisor.close)
        if engine.provider != "cpu" and self._settings.keep_alive_ms:
            keeps = KeepAlive(self.station.exercise, self._settings.keep_alive_ms / 1000)
            self._open.callback(keeps.close)
        self._supervisor.ready(f"inspects on {engine.provider}", self._beats, self._health.lane)
        self._say("ready", provider=engine.provider, slot_ms=round(self.slot_s * 1000))

    def wait(self) -> Exit:
        """Return how to end, once a signal or a failure asks for it."""
        return self._stopping.wait()

    def drain(self) -> bool:
        """Say NOT_SERVING, refuse new strips, finish those admitted; False when one does not end."""
        self._health.stopping()
        self._supervisor.stopping()
        self._say("drain")
        self.views.end()
        self.record.draining()
        self.lots.close()
        ended = self.station.closed(self.slot_s)
        self._grpc.stop(_LAST_REPLIES_S).wait()
        return ended

    def stop(self) -> None:
        """Give the ports back, wherever in its life the server is."""
        self._open.close()
        _log.info("stop")

    def end(self, how: Exit) -> None:
        """Let `wait` return `how`. Any thread and any signal handler may call it."""
        self._stopping.ask(how)

    def _close_record(self) -> None:
        if not self.record.close(self._ended):
            self._ended = Exit.RECORD

    def _record_failed(self, error: RecordError) -> None:
        self._fail(error)  # which becomes the station's own once there is one

    def _beats(self) -> int:
        return self.station.status().heartbeat

    def _tell_health(self) -> None:
        self._health.inspecting(self.station.status().readiness is Readiness.SERVING)

    def _failed(self, error: StripsightError) -> None:
        self._health.inspecting(False)
        self.end(Exit.RECORD if isinstance(error, RecordError) else Exit.ENGINE)

    def _say(self, event: str, **facts: str | int) -> None:
        _log.info(
            event,
            listen=str(self.address),
            metrics=str(self.metrics_address),
            access=self._settings.access,
            bundle_id=self.station.live.bundle.bundle_id,
            product=self.bundle.recipe.product.name,
            **facts,
        )
