"""A station with all its parts, and a clock that the test moves."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from stripsight.bundle import Bundle
from stripsight.engine import Engine, Inference
from stripsight.errors import EngineError, RecordError
from stripsight.frame import FrameData
from stripsight.inspector import Inspector
from stripsight.journal.chain import Link
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.record import StripRecord
from stripsight.live import LiveBundle
from stripsight.metrics import Metrics
from stripsight.start import start_engine
from stripsight.station.arrivals import Opening
from stripsight.station.station import Station
from stripsight.strip import Inspection, RejectedEarly, StripHeader, StripRequest

SLOT_S = 50.0  # so long that the machine's own time plays no part
IDLE_S = 1e6


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class SlowEngine(Engine):
    """A real engine during whose inference the clock moves on, or which fails."""

    clock: Clock
    takes_s = 0.0
    fails = False
    at_infer: Callable[[], object] = staticmethod(lambda: None)

    def fuse(self, frames: Sequence[Inference]) -> Inference:
        self.clock.now += self.takes_s
        self.at_infer()
        if self.fails:
            raise EngineError("told to fail")
        return super().fuse(frames)


class PromptJournal(Journal):
    """A real journal whose commits take none of the time that the clock tells, however slow the disk is."""

    def strip(self, record: StripRecord) -> "Future[Link]":
        future = super().strip(record)
        wait([future])
        return future


class Bench:
    """A station with all its parts, open."""

    def __init__(self, bundle: Bundle, frames: tuple[FrameData, ...], folder: Path) -> None:
        self.clock = Clock()
        self.slot_s = SLOT_S
        self.registry = CollectorRegistry()
        self.failures: list[str] = []
        self.engine = start_engine(bundle, threads=1, kind=SlowEngine)
        self.engine.clock = self.clock
        self.journal = PromptJournal(folder, Policy(), self.failed)
        self.station = Station(
            bundle,
            Metrics(self.registry),
            journal=self.journal,
            waiting=0,
            slot_s=SLOT_S,
            idle_s=IDLE_S,
            on_failure=lambda error: self.failures.append(error.reason),
            clock=self.clock,
        )
        # The inspector's own clock stands still: here the station has to notice by itself.
        self.inspector = Inspector(bundle, self.engine, clock=lambda: 0.0)
        self.request = StripRequest(
            strip_id="S-1", lot_id="L-1", strip_seq=0, frames=frames, product=bundle.recipe.product.name
        )

    def open(self) -> None:
        """Let it serve."""
        self.station.opened(LiveBundle(self.station.live.bundle, self.inspector, self.engine, "cpu"))

    def inspect(self, arrived: float, remaining_s: float | None, request: StripRequest | None = None) -> Inspection:
        """Have a strip inspected: `request` as it is, or the bench's own under a number of its own."""
        if request is None:
            self.request = replace(self.request, strip_seq=self.request.strip_seq + 1)
        asked = request or self.request
        return self.station.inspect(asked.key, lambda: asked, lambda: arrived, remaining_s)

    def streamed(
        self, arrived_s: Sequence[float], remaining_s: float | None = None, request: StripRequest | None = None
    ) -> list[RejectedEarly | Inspection]:
        """Have a strip inspected frame by frame, the header now and each frame so many seconds later.

        `request` is taken as it is; without it, the bench's own gets a number of its own.
        """
        if request is None:
            request = self.request = replace(self.request, strip_seq=self.request.strip_seq + 1)
        fields = {name: value for name, value in vars(request).items() if name != "frames"}
        arrivals, began = self.station.arrivals(), self.clock()
        arrivals.put(Opening(request.key, lambda: StripHeader(**fields)))
        for frame, at in zip(request.frames, arrived_s, strict=True):
            self.clock.now = began + at
            arrivals.put(frame)
        arrivals.end()
        return list(self.station.inspect_frames(arrivals, remaining_s))

    def recorded(self, request: StripRequest) -> StripRecord:
        """Return what is on record about a strip."""
        found = self.journal.find(request.key)
        assert found is not None
        assert isinstance(found[0].body, StripRecord)
        return found[0].body

    @contextmanager
    def broken_disk(self) -> Iterator[None]:
        """Let every commit fail."""

        def fail(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        event.listen(SqlEngine, "commit", fail)
        try:
            yield
        finally:
            event.remove(SqlEngine, "commit", fail)

    def failed(self, error: RecordError) -> None:
        """Hear of the journal's failure as the server does."""
        self.station.fail(error)

    def count(self, name: str, **labels: str) -> float | None:
        """Return a sample."""
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def closed_bench(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]], tmp_path: Path) -> Iterator[Bench]:
    """A station that has not been opened, and a good strip for it."""
    bench = Bench(strip_bundle, strip(strip_bundle.recipe, 101), tmp_path)
    yield bench
    assert bench.station.closed(60)
    bench.journal.close("OK")


@pytest.fixture
def bench(closed_bench: Bench) -> Bench:
    """A station that serves."""
    closed_bench.open()
    return closed_bench
