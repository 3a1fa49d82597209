"""What a station has on record when an answer leaves, and how a repeated call gets it again."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.errors import FrameCountError, IdReused, NotReady, StripsightError
from stripsight.frame import FrameData
from stripsight.journal.record import EventKind, Outcome, StripRecord
from stripsight.strip import Inspection, StripRequest
from stripsight.verdict import Cause, Verdict

Bench = Any  # conftest.Bench


def test_a_repeat_gets_the_answer_that_is_on_record(bench: Bench) -> None:
    """The same verdict, scores and place, computed and counted once; no pictures, and no step was done again."""
    first = bench.inspect(bench.clock(), None)
    bench.engine.fails = True
    again = bench.inspect(bench.clock(), None, bench.request)
    assert (first.record_seq, len(first.record_hash)) == (1, 32)
    assert again == replace(first, stages={}, total_s=0.0)
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.journal.link.seq == 1


def test_a_repeated_accept_never_leaves_late(bench: Bench) -> None:
    """Time that passes before the answer of the past leaves makes it LATE for this call; the next gets the accept."""

    def read() -> StripRequest:
        bench.clock.move(bench.slot_s)
        return bench.request

    bench.inspect(bench.clock(), None)
    arrived = bench.clock()
    late = bench.station.inspect(bench.request.key, read, lambda: arrived, None)
    assert (late.judgement.verdict, late.judgement.causes) == (Verdict.REJECT, (Cause.LATE,))
    assert bench.inspect(bench.clock(), None, bench.request).judgement.verdict is Verdict.ACCEPT


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
    assert (bench.recorded(wrong).verdict, bench.recorded(wrong).causes) == (Outcome.REFUSED, ("FRAME_COUNT",))
    assert bench.journal.link.seq == 1


def test_a_fault_that_nobody_expected_is_on_record_without_its_words(bench: Bench) -> None:
    """As the client is told, and again when it repeats the call."""

    def broken() -> StripRequest:
        raise ZeroDivisionError("secret")

    with pytest.raises(ZeroDivisionError):
        bench.station.inspect(bench.request.key, broken, bench.clock, None)
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
    bench.journal.listen(lambda link: bench.clock.move(bench.slot_s))
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
    with bench.broken_disk():
        inspection = bench.inspect(bench.clock(), None)
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

        def asked() -> Future[Inspection]:
            return pool.submit(bench.station.inspect, bench.request.key, lambda: bench.request, bench.clock, None)

        calls = [asked()]
        assert begun.wait(60)
        calls += [asked() for _ in range(3)]
        hold.set()
        answers = [call.result(60) for call in calls]
    assert {(answer.judgement.verdict, answer.record_seq) for answer in answers} == {(Verdict.ACCEPT, 1)}
    assert bench.journal.link.seq == 1
