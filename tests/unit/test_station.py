"""The slot contract, with a clock that the test moves: what is refused, what is late, what is counted."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from stripsight.arrivals import Opening
from stripsight.bundle import Bundle
from stripsight.engine import Engine, Inference
from stripsight.errors import (
    EngineError,
    FrameCountError,
    IdReused,
    NotReady,
    ProductMismatch,
    RecordError,
    SlotTooShort,
    StreamLeft,
    StripsightError,
)
from stripsight.frame import FrameData
from stripsight.inspector import Inspector
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.record import EventKind, Outcome, StripRecord
from stripsight.metrics import Metrics
from stripsight.slot import FLOOR_S, RECORD_S, REPLY_S
from stripsight.start import start_engine
from stripsight.station import Station
from stripsight.status import Readiness
from stripsight.strip import Inspection, RejectedEarly, StripHeader, StripRequest
from stripsight.verdict import Cause, Verdict

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


class Bench:
    """A station with all its parts, open."""

    def __init__(self, bundle: Bundle, frames: tuple[FrameData, ...], folder: Path) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.failures: list[str] = []
        self.engine = start_engine(bundle, threads=1, kind=SlowEngine)
        self.engine.clock = self.clock
        self.journal = Journal(folder, Policy(), self.failed)
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

    def inspect(self, arrived: float, remaining_s: float | None, request: StripRequest | None = None) -> Inspection:
        """Have a strip inspected: `request` as it is, or the bench's own under a number of its own."""
        if request is None:
            self.request = replace(self.request, strip_seq=self.request.strip_seq + 1)
        asked = request or self.request
        return self.station.inspect(asked.key, lambda: asked, arrived, remaining_s)

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
            bench.inspect(bench.clock(), None)
        assert refused.value.facts["state"] == bench.station.status().readiness.lower()
    assert seen == [(Readiness.STARTING, 0), (Readiness.SERVING, 1), (Readiness.DRAINING, 0)]


def test_a_strip_in_time_keeps_its_verdict(bench: Bench) -> None:
    """An accept one millisecond before the reply has to go is an accept, counted with its duration."""
    bench.engine.takes_s = SLOT_S - REPLY_S - RECORD_S - 0.001
    inspection = bench.inspect(bench.clock(), None)
    assert inspection.judgement.verdict is Verdict.ACCEPT
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.count("stripsight_inspection_duration_seconds_sum", call="InspectStrip") == pytest.approx(
        bench.engine.takes_s
    )
    assert bench.count("stripsight_late_total") == 0


def test_an_accept_never_leaves_late(bench: Bench) -> None:
    """One millisecond after the reply has to go it is a reject with LATE, counted as one."""
    bench.engine.takes_s = SLOT_S - REPLY_S - RECORD_S + 0.001
    inspection = bench.inspect(bench.clock(), None)
    assert (inspection.judgement.verdict, inspection.judgement.causes) == (Verdict.REJECT, (Cause.LATE,))
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 0
    assert bench.count("stripsight_inspections_total", verdict="REJECT") == 1
    assert bench.count("stripsight_late_total") == 1
    assert bench.count("stripsight_stage_duration_seconds_count", stage="infer") == 1


@pytest.mark.parametrize(("remaining_s", "late"), [(None, False), (1000.0, False), (30.0, False), (20.0, True)])
def test_the_sooner_of_slot_and_deadline_counts(remaining_s: float | None, late: bool, bench: Bench) -> None:
    """A deadline beyond the slot changes nothing; one before it does."""
    bench.engine.takes_s = 25
    inspection = bench.inspect(bench.clock(), remaining_s)
    assert (inspection.judgement.causes == (Cause.LATE,)) is late


def test_the_slot_counts_from_the_arrival(bench: Bench) -> None:
    """What was spent before the inspection is gone."""
    bench.engine.takes_s = 25
    inspection = bench.inspect(bench.clock() - 30, None)
    assert inspection.judgement.causes == (Cause.LATE,)


@pytest.mark.parametrize("remaining_s", [-1.0, 0.0, FLOOR_S, FLOOR_S + REPLY_S + RECORD_S - 0.001])
def test_too_late_already_is_refused_before_computing(remaining_s: float, bench: Bench) -> None:
    """Nothing is inferred and no strip is counted."""
    bench.engine.fails = True
    with pytest.raises(SlotTooShort) as refused:
        bench.inspect(bench.clock(), remaining_s)
    assert refused.value.facts["budget_ms"] == str(round(remaining_s * 1000))
    assert bench.failures == []
    assert bench.count("stripsight_inspections_total", verdict="REJECT") == 0


def test_a_wrong_call_is_the_callers_matter(bench: Bench) -> None:
    """It is raised as it is, no strip is counted, and the next one is judged."""
    wrong = replace(bench.request, strip_seq=99, frames=bench.request.frames[:2])
    with pytest.raises(FrameCountError):
        bench.inspect(bench.clock(), None, wrong)
    assert bench.count("stripsight_inspections_total", verdict="REJECT") == 0
    accepted = bench.inspect(bench.clock(), None)
    assert accepted.judgement.verdict is Verdict.ACCEPT


def test_a_failure_of_the_engine_closes_the_station_for_good(bench: Bench) -> None:
    """It is raised, reported once, and neither the next strip nor a close brings the station back."""
    bench.engine.fails = True
    with pytest.raises(EngineError):
        bench.inspect(bench.clock(), None)
    assert bench.failures == ["ENGINE_FAILED"]
    with pytest.raises(NotReady):
        bench.inspect(bench.clock(), None)
    assert bench.station.closed(60)
    status: Any = bench.station.status()
    assert (status.readiness, status.reason) == (Readiness.FAILED, "the engine failed: ENGINE_FAILED")


def test_a_repeat_gets_the_answer_that_is_on_record(bench: Bench) -> None:
    """The same verdict, scores and place, computed and counted once; no pictures, and no step was done again."""
    first = bench.inspect(bench.clock(), None)
    bench.engine.fails = True
    again = bench.inspect(bench.clock(), None, bench.request)
    assert (first.record_seq, len(first.record_hash)) == (1, 32)
    assert again == replace(first, stages={}, total_s=0.0)
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.journal.link.seq == 1


def test_a_refusal_is_on_record_and_repeated_too(bench: Bench) -> None:
    """The same error with its facts, although the call would now be right; its reason is the record's cause."""
    wrong = replace(bench.request, strip_seq=9, frames=bench.request.frames[:2])
    with pytest.raises(FrameCountError) as first:
        bench.inspect(bench.clock(), None, wrong)
    with pytest.raises(FrameCountError) as again:
        bench.inspect(bench.clock(), None, replace(bench.request, strip_seq=9))
    assert (again.value.message, again.value.facts, again.value.field) == (
        first.value.message,
        first.value.facts,
        first.value.field,
    )
    found = bench.journal.find(wrong.key)
    assert found is not None and isinstance(found[0].body, StripRecord)
    assert (found[0].body.verdict, found[0].body.causes) == (Outcome.REFUSED, ("FRAME_COUNT",))
    assert bench.journal.link.seq == 1


def test_a_fault_that_nobody_expected_is_on_record_without_its_words(bench: Bench) -> None:
    """As the client is told, and again when it repeats the call."""

    def broken() -> StripRequest:
        raise ZeroDivisionError("secret")

    with pytest.raises(ZeroDivisionError):
        bench.station.inspect(bench.request.key, broken, bench.clock(), None)
    with pytest.raises(StripsightError, match="The service failed; its log says why"):
        bench.inspect(bench.clock(), None, bench.request)


def test_other_frames_under_the_same_ids_get_no_accept(
    bench: Bench, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """An accept belongs to the pictures that earned it: IdReused names the record, which stays the only one."""
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT
    other = replace(bench.request, frames=strip(strip_bundle.recipe, 102))
    with pytest.raises(IdReused) as refused:
        bench.inspect(bench.clock(), None, other)
    assert refused.value.facts == {"record_seq": "1"}
    turned = replace(bench.request, frames=bench.request.frames[::-1])
    assert bench.inspect(bench.clock(), None, turned).judgement.verdict is Verdict.ACCEPT
    assert bench.journal.link.seq == 1


def test_an_accept_whose_commit_took_too_long_leaves_as_late(bench: Bench) -> None:
    """On record is the accept and that it was overruled; a repeat gets the late answer as well."""
    bench.journal.listen(lambda link: bench.clock.move(SLOT_S))
    late = bench.inspect(bench.clock(), None)
    assert (late.judgement.verdict, late.judgement.causes) == (Verdict.REJECT, (Cause.LATE,))
    bench.journal.event(EventKind.DRAIN)  # behind the word that it was overruled
    found = bench.journal.find(bench.request.key)
    assert found is not None and isinstance(found[0].body, StripRecord)
    assert (found[0].body.verdict, found[2]) == (Outcome.ACCEPT, True)
    again = bench.inspect(bench.clock(), None, bench.request)
    assert (again.judgement.verdict, again.judgement.causes) == (Verdict.REJECT, (Cause.LATE,))


def test_a_commit_that_fails_makes_a_reject_and_closes_the_station(bench: Bench) -> None:
    """RECORD_FAILED, no place in the record, told once; the next strip is not taken and not recorded."""

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(SqlEngine, "commit", fail)
    try:
        inspection = bench.inspect(bench.clock(), None)
    finally:
        event.remove(SqlEngine, "commit", fail)
    assert (inspection.judgement.verdict, inspection.judgement.causes) == (Verdict.REJECT, (Cause.RECORD_FAILED,))
    assert (inspection.record_seq, inspection.record_hash) == (0, b"")
    assert bench.failures == ["RECORD_FAILED"]
    assert bench.count("stripsight_causes_total", cause="RECORD_FAILED") == 1
    with pytest.raises(NotReady):
        bench.inspect(bench.clock(), None)
    assert bench.journal.link.seq == 0


def test_a_strip_asked_for_twice_at_once_is_inspected_once(bench: Bench) -> None:
    """The second call waits for the first and gets the same answer, from one record."""
    hold, begun = threading.Event(), threading.Event()
    bench.engine.at_infer = lambda: (begun.set(), hold.wait(60))
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(bench.station.inspect, bench.request.key, lambda: bench.request, 100.0, None)]
        assert begun.wait(60)
        calls += [pool.submit(bench.station.inspect, bench.request.key, lambda: bench.request, 100.0, None)] * 3
        hold.set()
        answers = [call.result(60) for call in calls]
    assert {(answer.judgement.verdict, answer.record_seq) for answer in answers} == {(Verdict.ACCEPT, 1)}
    assert bench.journal.link.seq == 1


Answer = RejectedEarly | Inspection


def streamed(
    bench: Bench, arrived_s: Sequence[float], remaining_s: float | None = None, request: StripRequest | None = None
) -> list[Answer]:
    """Have a strip inspected frame by frame, the header now and each frame so many seconds later.

    `request` is taken as it is; without it, the bench's own gets a number of its own.
    """
    if request is None:
        request = bench.request = replace(bench.request, strip_seq=bench.request.strip_seq + 1)
    fields = {name: value for name, value in vars(request).items() if name != "frames"}
    arrivals, began = bench.station.arrivals(), bench.clock()
    arrivals.put(Opening(request.key, lambda: StripHeader(**fields)))
    for frame, at in zip(request.frames, arrived_s, strict=True):
        bench.clock.now = began + at
        arrivals.put(frame)
    arrivals.end()
    return list(bench.station.inspect_frames(arrivals, remaining_s))


@pytest.mark.parametrize(("over_s", "late"), [(-0.001, False), (0.001, True)])
def test_the_slot_of_a_streamed_strip_counts_from_its_last_frame(over_s: float, late: bool, bench: Bench) -> None:
    """However long the acquisition took; and so does the duration that is measured."""
    bench.engine.takes_s = SLOT_S - REPLY_S - RECORD_S + over_s
    (inspection,) = streamed(bench, (1000, 2000, 3000))
    assert isinstance(inspection, Inspection)
    assert (inspection.judgement.causes == (Cause.LATE,)) is late
    took_s = bench.count("stripsight_inspection_duration_seconds_sum", call="InspectFrames")
    assert took_s == pytest.approx(bench.engine.takes_s)
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
    assert bench.failures == ["ENGINE_FAILED"]
    with pytest.raises(NotReady):
        streamed(bench, (0, 0, 0))


@pytest.mark.parametrize("remaining_s", [0.0, FLOOR_S + REPLY_S + RECORD_S - 0.001])
def test_a_stream_that_comes_too_late_is_refused_before_any_frame(remaining_s: float, bench: Bench) -> None:
    """And takes no place."""
    with pytest.raises(SlotTooShort):
        streamed(bench, (0, 0, 0), remaining_s)
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT


@pytest.mark.parametrize("first", ["at once", "streamed"])
def test_a_strip_has_one_answer_whichever_way_it_comes(first: str, bench: Bench) -> None:
    """The scores of the first call and its place in the record, also when the repeat comes the other way."""
    bench.engine.takes_s = 0.001
    if first == "streamed":
        (answer,) = streamed(bench, (0, 0, 0))
        again = bench.inspect(bench.clock(), None, bench.request)
    else:
        answer = bench.inspect(bench.clock(), None)
        (again,) = streamed(bench, (0, 0, 0), request=bench.request)  # type: ignore[assignment]  # no early answer
    bench.engine.fails = True
    (third,) = streamed(bench, (0, 0, 0), request=bench.request)
    assert isinstance(answer, Inspection)
    assert (answer.record_seq, len(answer.record_hash), len(answer.judgement.scores)) == (1, 32, 60)
    assert again == third == replace(answer, stages={}, total_s=0.0)
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.journal.link.seq == 1


def test_the_record_of_a_streamed_strip_is_that_of_the_strip_at_once(bench: Bench) -> None:
    """But for the strip's number and the times, in whatever order the frames came."""
    bench.inspect(bench.clock(), None)
    turned = replace(bench.request, strip_seq=50, frames=bench.request.frames[::-1], simulated=True)
    streamed(bench, (0, 0, 0), request=turned)
    one, other = recorded(bench, bench.request), recorded(bench, turned)
    times = {"stages_ms": {}, "total_ms": 0.0, "since_arrival_ms": 0.0}
    assert other.simulated
    assert other.model_copy(update=times) == one.model_copy(update=times | {"strip_seq": 50, "simulated": True})


def test_other_frames_of_a_repeated_stream_get_no_accept(
    bench: Bench, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """As for a strip at once: all its frames are looked at before there is an answer."""
    streamed(bench, (0, 0, 0))
    last = strip(strip_bundle.recipe, 102)[-1]
    with pytest.raises(IdReused):
        streamed(bench, (0, 0, 0), request=replace(bench.request, frames=(*bench.request.frames[:2], last)))
    with pytest.raises(IdReused):
        streamed(bench, (0, 0), request=replace(bench.request, frames=bench.request.frames[:2]))
    assert bench.journal.link.seq == 1


def test_a_refused_stream_is_on_record_and_refused_again(bench: Bench) -> None:
    """The first refusal counts, although the second call would be right."""
    wrong = replace(bench.request, strip_seq=9, frames=bench.request.frames[:2])
    with pytest.raises(FrameCountError):
        streamed(bench, (0, 0), request=wrong)
    with pytest.raises(FrameCountError):
        streamed(bench, (0, 0, 0), request=replace(bench.request, strip_seq=9))
    assert (recorded(bench, wrong).verdict, recorded(bench, wrong).causes) == (Outcome.REFUSED, ("FRAME_COUNT",))
    assert bench.journal.link.seq == 1


def test_a_stream_that_is_wrong_in_its_header_is_on_record(bench: Bench) -> None:
    """Its ids name a strip; what else it says need not be right."""

    def read() -> StripHeader:
        raise ProductMismatch("no product", field="product")

    arrivals = bench.station.arrivals()
    arrivals.put(Opening(bench.request.key, read))
    with pytest.raises(ProductMismatch):
        list(bench.station.inspect_frames(arrivals, None))
    assert recorded(bench, bench.request).causes == ("PRODUCT_MISMATCH",)


def test_answers_that_nobody_waits_for_are_on_record(
    bench: Bench, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """The client left after the early reject: the strip is refused for that, its place and its ids are free."""
    bad = replace(bench.request, frames=strip(strip_bundle.recipe, 104, True)[::-1])
    arrivals = bench.station.arrivals()
    arrivals.put(Opening(bad.key, lambda: StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=bad.strip_seq)))
    arrivals.put(bad.frames[0])
    answers = bench.station.inspect_frames(arrivals, None)
    assert isinstance(next(answers), RejectedEarly)
    answers.close()  # type: ignore[attr-defined]  # a generator, as gRPC knows
    assert recorded(bench, bad).causes == ("STREAM_LEFT",)
    with pytest.raises(StreamLeft):
        bench.inspect(bench.clock(), None, bad)
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT


def test_a_streamed_accept_that_cannot_be_recorded_leaves_as_a_reject(bench: Bench) -> None:
    """RECORD_FAILED, and the station is closed."""

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(SqlEngine, "commit", fail)
    try:
        (inspection,) = streamed(bench, (0, 0, 0))
    finally:
        event.remove(SqlEngine, "commit", fail)
    assert isinstance(inspection, Inspection)
    assert (inspection.judgement.verdict, inspection.judgement.causes) == (Verdict.REJECT, (Cause.RECORD_FAILED,))
    with pytest.raises(NotReady):
        streamed(bench, (0, 0, 0))


def recorded(bench: Bench, request: StripRequest) -> StripRecord:
    """Return what is on record about a strip."""
    found = bench.journal.find(request.key)
    assert found is not None
    assert isinstance(found[0].body, StripRecord)
    return found[0].body
