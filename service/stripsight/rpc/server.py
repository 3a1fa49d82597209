"""The server's life on one screen: start, ready, wait, drain, stop."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import structlog

from stripsight import start
from stripsight.bundle import Bundle
from stripsight.checks import RecentFrames
from stripsight.engine import Engine
from stripsight.errors import RecordError, StripsightError
from stripsight.exits import Exit
from stripsight.live import live
from stripsight.notify import supervisor
from stripsight.pictures.disk import free_bytes
from stripsight.rpc.health import Health
from stripsight.rpc.listen import listen_grpc, listen_metrics
from stripsight.rpc.parts import Ears, Parts, Seams
from stripsight.rpc.record import ServedRecord
from stripsight.rpc.services import INSPECTION, OTHERS, assembled
from stripsight.rpc.stopping import Stopping
from stripsight.settings import Settings
from stripsight.station.keep_alive import KeepAlive
from stripsight.station.station import Station
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
        self._seams = Seams(start_engine, clock, free)
        self._stopping = Stopping()
        self._health = Health(INSPECTION, OTHERS)
        self._open = ExitStack()
        self._ended = Exit.ERROR

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
        ears = Ears(self._failed, self._tell_health, self._close_record)
        parts = Parts(self._settings, self._seams, ears, self._open)
        self.bundle, self.slot_s = parts.bundle, parts.slot_s
        self.record, self.station, self.lots = parts.record, parts.station, parts.lots
        self.views, self.changer = parts.views, parts.changer
        self._grpc = assembled(self._settings, parts, self._health, self._seams.clock)
        self.address = listen_grpc(self._grpc, self._settings.listen, parts.entry.credentials)
        self.metrics_address, stop_metrics = listen_metrics(self._settings.metrics_listen, parts.registry)
        self._open.callback(stop_metrics)
        self._grpc.start()
        self._health.listening()
        self._open.callback(self._grpc.stop, None)
        self._say("start")

    def ready(self) -> None:
        """Warm the engine up and run the challenge set on it, then serve.

        Raises ProviderError, EngineError, ChallengeError or RecordError.
        """
        engine = self._seams.start_engine(self.bundle, self._settings)
        engine.warm_up(self.bundle.recipe.patch_count)
        steps = start.challenged(engine, self.bundle)
        self.lots.proved(steps)
        seq = self.record.loaded(self.bundle, engine.provider, start.passed(steps, self.bundle))
        self.changer.loaded(seq)
        self.station.opened(live(self.bundle, engine, RecentFrames(), clock=self._seams.clock))
        self._tell_health(self.station)
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

    def _close_record(self, record: ServedRecord) -> None:
        if not record.close(self._ended):
            self._ended = Exit.RECORD

    def _beats(self) -> int:
        return self.station.status().heartbeat

    def _tell_health(self, station: Station) -> None:
        self._health.inspecting(station.status().readiness is Readiness.SERVING)

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
