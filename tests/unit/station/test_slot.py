"""The slot contract, with a clock that the test moves: what is refused, what is late, what is counted."""

from dataclasses import replace
from typing import Any

import pytest

from stripsight.errors import EngineError, FrameCountError, NotReady, SlotTooShort
from stripsight.station.slot import FLOOR_S, RECORD_S, REPLY_S
from stripsight.status import Readiness
from stripsight.verdict import Cause, Verdict

Bench = Any  # conftest.Bench


def test_before_it_opens_and_after_it_closed_a_station_takes_nothing(closed_bench: Bench) -> None:
    """NotReady names the state; status and metric agree."""
    bench, seen = closed_bench, []
    for step in (
        lambda: None,
        bench.open,
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
    bench.engine.takes_s = bench.slot_s - REPLY_S - RECORD_S - 0.001
    inspection = bench.inspect(bench.clock(), None)
    assert inspection.judgement.verdict is Verdict.ACCEPT
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.count("stripsight_inspection_duration_seconds_sum", call="InspectStrip") == pytest.approx(
        bench.engine.takes_s
    )
    assert bench.count("stripsight_late_total") == 0


def test_an_accept_never_leaves_late(bench: Bench) -> None:
    """One millisecond after the reply has to go it is a reject with LATE, counted as one."""
    bench.engine.takes_s = bench.slot_s - REPLY_S - RECORD_S + 0.001
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
