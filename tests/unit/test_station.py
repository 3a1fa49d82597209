"""The slot contract, with a clock that the test moves: what is refused, what is late, what is counted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from stripsight.bundle import Bundle
from stripsight.engine import Engine, Inference
from stripsight.errors import EngineError, FrameCountError, NotReady, SlotTooShort
from stripsight.frame import FrameData
from stripsight.inspector import Inspector
from stripsight.metrics import Metrics
from stripsight.start import start_engine
from stripsight.station import FLOOR_S, REPLY_S, Station
from stripsight.status import Readiness
from stripsight.stream import Answer
from stripsight.strip import Inspection, StripHeader, StripRequest
from stripsight.verdict import Cause, Verdict

SLOT_S = 50.0  # so long that the machine's own time plays no part
IDLE_S = 1e6


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class SlowEngine(Engine):
    """A real engine during whose inference the clock moves on, or which fails."""

    clock: Clock
    takes_s = 0.0
    fails = False

    def fuse(self, frames: Sequence[Inference]) -> Inference:
        self.clock.now += self.takes_s
        if self.fails:
            raise EngineError("told to fail")
        return super().fuse(frames)


class Bench:
    """A station with all its parts, open."""

    def __init__(self, bundle: Bundle, frames: tuple[FrameData, ...]) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.failures: list[str] = []
        self.engine = start_engine(bundle, threads=1, kind=SlowEngine)
        self.engine.clock = self.clock
        self.station = Station(
            bundle,
            Metrics(self.registry),
            waiting=0,
            slot_s=SLOT_S,
            idle_s=IDLE_S,
            on_failure=lambda: self.failures.append("failed"),
            clock=self.clock,
        )
        # The inspector's own clock stands still: here the station has to notice by itself.
        self.inspector = Inspector(bundle, self.engine, clock=lambda: 0.0)
        self.request = StripRequest(
            strip_id="S-1", lot_id="L-1", strip_seq=1, frames=frames, product=bundle.recipe.product.name
        )

    def count(self, name: str, **labels: str) -> float | None:
        """Return a sample."""
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def closed_bench(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]) -> Iterator[Bench]:
    """A station that has not been opened, and a good strip for it."""
    bench = Bench(strip_bundle, strip(strip_bundle.recipe, 101))
    yield bench
    assert bench.station.closed(60)


@pytest.fixture
def bench(closed_bench: Bench) -> Bench:
    """A station that serves."""
    closed_bench.station.opened(closed_bench.inspector, "cpu")
    return closed_bench


def test_before_it_opens_and_after_it_closed_a_station_takes_nothing(closed_bench: Bench) -> None:
    """NotReady names the state; status and metric agree."""
    bench, seen = closed_bench, []
    for step in (
        lambda: None,
        lambda: bench.station.opened(bench.inspector, "cpu"),
        lambda: bench.station.closed(60),
    ):
        step()
        seen.append((bench.station.status().readiness, bench.count("stripsight_ready")))
        if bench.station.status().readiness is Readiness.SERVING:
            continue
        with pytest.raises(NotReady) as refused:
            bench.station.inspect(bench.request, bench.clock(), None)
        assert refused.value.facts["state"] == bench.station.status().readiness.lower()
    assert seen == [(Readiness.STARTING, 0), (Readiness.SERVING, 1), (Readiness.DRAINING, 0)]


def test_a_strip_in_time_keeps_its_verdict(bench: Bench) -> None:
    """An accept one millisecond before the reply has to go is an accept, counted with its duration."""
    bench.engine.takes_s = SLOT_S - REPLY_S - 0.001
    inspection = bench.station.inspect(bench.request, bench.clock(), None)
    assert inspection.judgement.verdict is Verdict.ACCEPT
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.count("stripsight_inspection_duration_seconds_sum", call="InspectStrip") == pytest.approx(
        bench.engine.takes_s
    )
    assert bench.count("stripsight_late_total") == 0


def test_an_accept_never_leaves_late(bench: Bench) -> None:
    """One millisecond after the reply has to go it is a reject with LATE, counted as one."""
    bench.engine.takes_s = SLOT_S - REPLY_S + 0.001
    inspection = bench.station.inspect(bench.request, bench.clock(), None)
    assert (inspection.judgement.verdict, inspection.judgement.causes) == (Verdict.REJECT, (Cause.LATE,))
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 0
    assert bench.count("stripsight_inspections_total", verdict="REJECT") == 1
    assert bench.count("stripsight_late_total") == 1
    assert bench.count("stripsight_stage_duration_seconds_count", stage="infer") == 1


@pytest.mark.parametrize(("remaining_s", "late"), [(None, False), (1000.0, False), (30.0, False), (20.0, True)])
def test_the_sooner_of_slot_and_deadline_counts(remaining_s: float | None, late: bool, bench: Bench) -> None:
    """A deadline beyond the slot changes nothing; one before it does."""
    bench.engine.takes_s = 25
    inspection = bench.station.inspect(bench.request, bench.clock(), remaining_s)
    assert (inspection.judgement.causes == (Cause.LATE,)) is late


def test_the_slot_counts_from_the_arrival(bench: Bench) -> None:
    """What was spent before the inspection is gone."""
    bench.engine.takes_s = 25
    inspection = bench.station.inspect(bench.request, bench.clock() - 30, None)
    assert inspection.judgement.causes == (Cause.LATE,)


@pytest.mark.parametrize("remaining_s", [-1.0, 0.0, FLOOR_S, FLOOR_S + REPLY_S - 0.001])
def test_too_late_already_is_refused_before_computing(remaining_s: float, bench: Bench) -> None:
    """Nothing is inferred and no strip is counted."""
    bench.engine.fails = True
    with pytest.raises(SlotTooShort) as refused:
        bench.station.inspect(bench.request, bench.clock(), remaining_s)
    assert refused.value.facts["budget_ms"] == str(round(remaining_s * 1000))
    assert bench.failures == []
    assert bench.count("stripsight_inspections_total", verdict="REJECT") == 0


def test_a_wrong_call_is_the_callers_matter(bench: Bench) -> None:
    """It is raised as it is, no strip is counted, and the next one is judged."""
    wrong = replace(bench.request, frames=bench.request.frames[:2])
    with pytest.raises(FrameCountError):
        bench.station.inspect(wrong, bench.clock(), None)
    assert bench.count("stripsight_inspections_total", verdict="REJECT") == 0
    accepted = bench.station.inspect(bench.request, bench.clock(), None)
    assert accepted.judgement.verdict is Verdict.ACCEPT


def test_a_failure_of_the_engine_closes_the_station_for_good(bench: Bench) -> None:
    """It is raised, reported once, and neither the next strip nor a close brings the station back."""
    bench.engine.fails = True
    with pytest.raises(EngineError):
        bench.station.inspect(bench.request, bench.clock(), None)
    assert bench.failures == ["failed"]
    with pytest.raises(NotReady):
        bench.station.inspect(bench.request, bench.clock(), None)
    assert bench.station.closed(60)
    status: Any = bench.station.status()
    assert (status.readiness, status.reason) == (Readiness.FAILED, "the engine failed: ENGINE_FAILED")


def streamed(bench: Bench, arrived_s: Sequence[float], remaining_s: float | None = None) -> list[Answer]:
    """Have the strip inspected frame by frame, the header now and each frame so many seconds later."""
    asked = bench.request
    header = StripHeader(strip_id=asked.strip_id, lot_id=asked.lot_id, strip_seq=1, product=asked.product)
    stream, began = bench.station.open_stream(bench.clock(), remaining_s), bench.clock()
    stream.put(header)
    for frame, at in zip(asked.frames, arrived_s, strict=True):
        bench.clock.now = began + at
        stream.put(frame)
    stream.end()
    return list(bench.station.answers_of(stream))


@pytest.mark.parametrize(("takes_s", "late"), [(SLOT_S - REPLY_S - 0.001, False), (SLOT_S - REPLY_S + 0.001, True)])
def test_the_slot_of_a_streamed_strip_counts_from_its_last_frame(takes_s: float, late: bool, bench: Bench) -> None:
    """However long the acquisition took; and so does the duration that is measured."""
    bench.engine.takes_s = takes_s
    (inspection,) = streamed(bench, (1000, 2000, 3000))
    assert isinstance(inspection, Inspection)
    assert (inspection.judgement.causes == (Cause.LATE,)) is late
    took_s = bench.count("stripsight_inspection_duration_seconds_sum", call="InspectFrames")
    assert took_s == pytest.approx(takes_s)
    assert bench.count("stripsight_inspection_duration_seconds_count", call="InspectStrip") == 0


def test_the_deadline_of_the_call_bounds_a_streamed_strip(bench: Bench) -> None:
    """A slot that would end after it does not count."""
    bench.engine.takes_s = 25
    (inspection,) = streamed(bench, (5, 10, 15), remaining_s=30)
    assert isinstance(inspection, Inspection)
    assert inspection.judgement.causes == (Cause.LATE,)


def test_a_streamed_strip_counts_as_one(bench: Bench) -> None:
    """One verdict, and one observation of each step, whatever the number of frames."""
    streamed(bench, (0, 0, 0))
    for stage in ("decode", "check", "crop", "infer", "judge", "render"):
        assert bench.count("stripsight_stage_duration_seconds_count", stage=stage) == 1
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1


def test_a_failure_of_the_engine_in_a_stream_closes_the_station(bench: Bench) -> None:
    """As for a strip at once."""
    bench.engine.fails = True
    with pytest.raises(EngineError):
        streamed(bench, (0, 0, 0))
    assert bench.failures == ["failed"]
    with pytest.raises(NotReady):
        bench.station.open_stream(bench.clock(), None)


@pytest.mark.parametrize("remaining_s", [0.0, FLOOR_S + REPLY_S - 0.001])
def test_a_stream_that_comes_too_late_is_refused_before_any_frame(remaining_s: float, bench: Bench) -> None:
    """And takes no place."""
    with pytest.raises(SlotTooShort):
        bench.station.open_stream(bench.clock(), remaining_s)
    assert bench.station.inspect(bench.request, bench.clock(), None).judgement.verdict is Verdict.ACCEPT
