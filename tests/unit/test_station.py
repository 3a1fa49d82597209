"""The slot contract, with a clock that the test moves: what is refused, what is late, what is counted."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from stripsight.bundle import Bundle
from stripsight.engine import Engine, Inference
from stripsight.errors import (
    EngineError,
    FrameCountError,
    IdReused,
    NotReady,
    RecordError,
    SlotTooShort,
    StripsightError,
)
from stripsight.frame import FrameData
from stripsight.inspector import Inspector
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.record import EventKind, Outcome, StripRecord
from stripsight.metrics import Metrics
from stripsight.station import FLOOR_S, RECORD_S, REPLY_S, Readiness, Station
from stripsight.strip import Inspection, StripRequest
from stripsight.verdict import Cause, Verdict

SLOT_S = 50.0  # so long that the machine's own time plays no part


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

    def infer(self, patches: NDArray[np.uint8]) -> Inference:
        self.clock.now += self.takes_s
        self.at_infer()
        if self.fails:
            raise EngineError("told to fail")
        return super().infer(patches)


class Bench:
    """A station with all its parts, open."""

    def __init__(self, bundle: Bundle, frames: tuple[FrameData, ...], folder: Path) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.failures: list[str] = []
        self.engine = SlowEngine(bundle.graph, threads=1, patch_size=bundle.recipe.patch.size_px)
        self.engine.clock = self.clock
        self.journal = Journal(folder, Policy(), self.failed)
        self.station = Station(
            bundle,
            Metrics(self.registry),
            journal=self.journal,
            waiting=0,
            slot_s=SLOT_S,
            on_failure=lambda error: self.failures.append(error.reason),
            clock=self.clock,
        )
        # The inspector's own clock stands still: here the station has to notice by itself.
        self.inspector = Inspector(bundle, self.engine, clock=lambda: 0.0)
        self.request = StripRequest("S-1", "L-1", 0, frames, product=bundle.recipe.product.name)

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
    assert bench.count("stripsight_inspection_duration_seconds_sum") == pytest.approx(bench.engine.takes_s)
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
    wrong = StripRequest("S-1", "L-1", 99, bench.request.frames[:2])
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
