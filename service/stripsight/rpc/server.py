"""The server's life on one screen: start, ready, wait, drain, stop."""

import queue
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from stripsight import start
from stripsight.bundle import Bundle, load
from stripsight.engine import Engine
from stripsight.errors import RecordError, StripsightError
from stripsight.exits import Exit
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.inspection.v1.inspection_service_pb2_grpc import add_InspectionServiceServicer_to_server
from stripsight.inspector import Inspector
from stripsight.journal.record import EventKind
from stripsight.metrics import Metrics
from stripsight.rpc.inspection import InspectionServicer
from stripsight.rpc.interceptors import ErrorsToStatus
from stripsight.rpc.listen import listen_grpc, listen_metrics, options
from stripsight.rpc.record import ServedRecord
from stripsight.settings import Settings
from stripsight.station import Station
from stripsight.timing import Clock

SERVICE = service_pb.DESCRIPTOR.services_by_name["InspectionService"].full_name

# Besides the strip inspected and those that wait: threads that refuse, and answer GetStatus and reflection.
_SPARE_THREADS = 4
# For the replies that are on their way out when the last inspection has ended.
_LAST_REPLIES_S = 0.2

_log = structlog.get_logger()


def start_engine(bundle: Bundle, settings: Settings) -> Engine:
    """Start the engine on the bundle's graphs. Raises ProviderError or EngineError."""
    return start.start_engine(bundle, provider=settings.provider, threads=settings.threads)


class Server:
    """One bundle served on one address, until a signal or a failure of the engine."""

    def __init__(
        self,
        settings: Settings,
        start_engine: Callable[[Bundle, Settings], Engine] = start_engine,
        clock: Clock = time.monotonic,
    ) -> None:
        """Read nothing, listen nowhere yet.

        `start_engine` is a seam for engines that are slow or fail, `clock` one for time that passes in a leap.
        """
        self._settings = settings
        self._start_engine = start_engine
        self._clock = clock
        # A signal handler may call its put, but not the set of an Event that the same thread waits for.
        self._asked: queue.SimpleQueue[Exit] = queue.SimpleQueue()
        self._health = health.HealthServicer()
        self._open = ExitStack()
        self._ended = Exit.ERROR
        self._fail: Callable[[StripsightError], None] = self._failed
        self._set_health(serving=False)

    def run(self) -> Exit:
        """Serve until SIGTERM, SIGINT or a failure; return how it ended. Raises what `start`, `ready` do."""
        with self._signals():
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

        Raises BundleError or RecipeError, RecordError, and AddressTaken when a port is in use.
        """
        self.bundle = load(self._settings.bundle)
        self.slot_s = (self._settings.slot_ms or self.bundle.recipe.slot.duration_ms) / 1000
        registry = CollectorRegistry()
        for collector in (GCCollector, PlatformCollector, ProcessCollector):
            collector(registry=registry)
        metrics = Metrics(registry)
        self.record = ServedRecord(self._settings, metrics, self._record_failed)
        self._open.callback(self._close_record)
        self.record.journal.event(EventKind.START, version=version("stripsight"), bundle_id=self.bundle.bundle_id)
        self.station = Station(
            self.bundle,
            metrics,
            journal=self.record.journal,
            waiting=self._settings.waiting,
            slot_s=self.slot_s,
            idle_s=self._settings.stream_idle_ms / 1000,
            on_failure=self._failed,
            clock=self._clock,
        )
        self._fail = self.station.fail
        self._grpc = self._assembled(metrics)
        self.address = listen_grpc(self._grpc, self._settings.listen)
        self.metrics_address, stop_metrics = listen_metrics(self._settings.metrics_listen, registry)
        self._open.callback(stop_metrics)
        self._grpc.start()
        self._open.callback(self._grpc.stop, None)
        self._say("start")

    def ready(self) -> None:
        """Warm the engine up and run the challenge set on it, then serve.

        Raises ProviderError, EngineError, ChallengeError or RecordError.
        """
        engine = self._start_engine(self.bundle, self._settings)
        engine.warm_up(self.bundle.recipe.patch_count)
        passed = start.challenge(engine, self.bundle)
        self.record.loaded(self.bundle, engine.provider, passed)
        self.station.opened(Inspector(self.bundle, engine, self._clock), engine.provider)
        self._set_health(serving=True)
        self._say("ready", provider=engine.provider, slot_ms=round(self.slot_s * 1000))

    def wait(self) -> Exit:
        """Return how to end, once a signal or a failure asks for it."""
        return self._asked.get()

    def drain(self) -> bool:
        """Say NOT_SERVING, refuse new strips, finish those admitted; False when one does not end."""
        self._health.enter_graceful_shutdown()
        self._say("drain")
        self.record.draining()
        ended = self.station.closed(self.slot_s)
        self._grpc.stop(_LAST_REPLIES_S).wait()
        return ended

    def stop(self) -> None:
        """Give the ports back, wherever in its life the server is."""
        self._open.close()
        _log.info("stop")

    def end(self, how: Exit) -> None:
        """Let `wait` return `how`. Any thread and any signal handler may call it."""
        self._asked.put(how)

    def _assembled(self, metrics: Metrics) -> grpc.Server:
        threads = ThreadPoolExecutor(1 + self._settings.waiting + _SPARE_THREADS, thread_name_prefix="call")
        server = grpc.server(threads, interceptors=[ErrorsToStatus(metrics)], options=options(self.bundle.recipe))
        add_InspectionServiceServicer_to_server(InspectionServicer(self.station, self._clock), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
        return server

    def _set_health(self, *, serving: bool) -> None:
        states = health_pb2.HealthCheckResponse
        for service in (health.OVERALL_HEALTH, SERVICE):
            self._health.set(service, states.SERVING if serving else states.NOT_SERVING)

    def _close_record(self) -> None:
        if not self.record.close(self._ended):
            self._ended = Exit.RECORD

    def _record_failed(self, error: RecordError) -> None:
        self._fail(error)  # which becomes the station's own once there is one

    def _failed(self, error: StripsightError) -> None:
        self._set_health(serving=False)
        self.end(Exit.RECORD if isinstance(error, RecordError) else Exit.ENGINE)

    def _say(self, event: str, **facts: str | int) -> None:
        _log.info(
            event,
            listen=str(self.address),
            metrics=str(self.metrics_address),
            bundle_id=self.bundle.bundle_id,
            product=self.bundle.recipe.product.name,
            **facts,
        )

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT take the same path: they ask for the end."""
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in before:
            signal.signal(number, lambda *_: self.end(Exit.OK))
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
