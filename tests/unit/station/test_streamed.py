"""A strip whose frames come one by one, in a station: its slot, its place, its record."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.errors import (
    EngineError,
    FrameCountError,
    IdReused,
    NotReady,
    ProductMismatch,
    SlotTooShort,
    StreamLeft,
)
from stripsight.frame import FrameData
from stripsight.journal.record import Outcome
from stripsight.station.arrivals import Opening
from stripsight.station.slot import FLOOR_S, RECORD_S, REPLY_S
from stripsight.strip import Inspection, RejectedEarly, StripHeader
from stripsight.verdict import Cause, Verdict

Bench = Any  # conftest.Bench


@pytest.mark.parametrize(("over_s", "late"), [(-0.001, False), (0.001, True)])
def test_the_slot_of_a_streamed_strip_counts_from_its_last_frame(over_s: float, late: bool, bench: Bench) -> None:
    """However long the acquisition took; and so does the duration that is measured."""
    bench.engine.takes_s = bench.slot_s - REPLY_S - RECORD_S + over_s
    (inspection,) = bench.streamed((1000, 2000, 3000))
    assert isinstance(inspection, Inspection)
    assert (inspection.judgement.causes == (Cause.LATE,)) is late
    took_s = bench.count("stripsight_inspection_duration_seconds_sum", call="InspectFrames")
    assert took_s == pytest.approx(bench.engine.takes_s)
    assert bench.count("stripsight_inspection_duration_seconds_count", call="InspectStrip") == 0


def test_the_deadline_of_the_call_bounds_a_streamed_strip(bench: Bench) -> None:
    """A slot that would end after it does not count."""
    bench.engine.takes_s = 25
    (inspection,) = bench.streamed((5, 10, 15), remaining_s=30)
    assert isinstance(inspection, Inspection)
    assert inspection.judgement.causes == (Cause.LATE,)


def test_a_streamed_strip_counts_as_one(bench: Bench) -> None:
    """One verdict, and one observation of each step, whatever the number of frames."""
    bench.streamed((0, 0, 0))
    for stage in ("decode", "check", "crop", "infer", "judge", "render"):
        assert bench.count("stripsight_stage_duration_seconds_count", stage=stage) == 1
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1


def test_a_failure_of_the_engine_in_a_stream_closes_the_station(bench: Bench) -> None:
    """As for a strip at once."""
    bench.engine.fails = True
    with pytest.raises(EngineError):
        bench.streamed((0, 0, 0))
    assert bench.failures == ["ENGINE_FAILED"]
    with pytest.raises(NotReady):
        bench.streamed((0, 0, 0))


@pytest.mark.parametrize("remaining_s", [0.0, FLOOR_S + REPLY_S + RECORD_S - 0.001])
def test_a_stream_that_comes_too_late_is_refused_before_any_frame(remaining_s: float, bench: Bench) -> None:
    """And takes no place."""
    with pytest.raises(SlotTooShort):
        bench.streamed((0, 0, 0), remaining_s)
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT


@pytest.mark.parametrize("first", ["at once", "streamed"])
def test_a_strip_has_one_answer_whichever_way_it_comes(first: str, bench: Bench) -> None:
    """The scores of the first call and its place in the record, also when the repeat comes the other way."""
    bench.engine.takes_s = 0.001
    if first == "streamed":
        (answer,) = bench.streamed((0, 0, 0))
        again = bench.inspect(bench.clock(), None, bench.request)
    else:
        answer = bench.inspect(bench.clock(), None)
        (again,) = bench.streamed((0, 0, 0), request=bench.request)
    bench.engine.fails = True
    (third,) = bench.streamed((0, 0, 0), request=bench.request)
    assert isinstance(answer, Inspection)
    assert (answer.record_seq, len(answer.record_hash), len(answer.judgement.scores)) == (1, 32, 60)
    assert again == third == replace(answer, stages={}, total_s=0.0)
    assert bench.count("stripsight_inspections_total", verdict="ACCEPT") == 1
    assert bench.journal.link.seq == 1


def test_the_record_of_a_streamed_strip_is_that_of_the_strip_at_once(bench: Bench) -> None:
    """But for the strip's number and the times, in whatever order the frames came."""
    bench.inspect(bench.clock(), None)
    turned = replace(bench.request, strip_seq=50, frames=bench.request.frames[::-1], simulated=True)
    bench.streamed((0, 0, 0), request=turned)
    one, other = bench.recorded(bench.request), bench.recorded(turned)
    times = {"stages_ms": {}, "total_ms": 0.0, "since_arrival_ms": 0.0}
    assert other.simulated
    assert other.model_copy(update=times) == one.model_copy(update=times | {"strip_seq": 50, "simulated": True})


def test_other_frames_of_a_repeated_stream_get_no_accept(
    bench: Bench, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """As for a strip at once: all its frames are looked at before there is an answer."""
    bench.streamed((0, 0, 0))
    last = strip(strip_bundle.recipe, 102)[-1]
    with pytest.raises(IdReused):
        bench.streamed((0, 0, 0), request=replace(bench.request, frames=(*bench.request.frames[:2], last)))
    with pytest.raises(IdReused):
        bench.streamed((0, 0), request=replace(bench.request, frames=bench.request.frames[:2]))
    assert bench.journal.link.seq == 1


def test_a_refused_stream_is_on_record_and_refused_again(bench: Bench) -> None:
    """The first refusal counts, although the second call would be right."""
    wrong = replace(bench.request, strip_seq=9, frames=bench.request.frames[:2])
    with pytest.raises(FrameCountError):
        bench.streamed((0, 0), request=wrong)
    with pytest.raises(FrameCountError):
        bench.streamed((0, 0, 0), request=replace(bench.request, strip_seq=9))
    assert (bench.recorded(wrong).verdict, bench.recorded(wrong).causes) == (Outcome.REFUSED, ("FRAME_COUNT",))
    assert bench.journal.link.seq == 1


def test_a_stream_that_is_wrong_in_its_header_is_on_record(bench: Bench) -> None:
    """Its ids name a strip; what else it says need not be right."""

    def read() -> StripHeader:
        raise ProductMismatch("no product", field="product")

    arrivals = bench.station.arrivals()
    arrivals.put(Opening(bench.request.key, read))
    with pytest.raises(ProductMismatch):
        list(bench.station.inspect_frames(arrivals, None))
    assert bench.recorded(bench.request).causes == ("PRODUCT_MISMATCH",)


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
    answers.close()
    assert bench.recorded(bad).causes == ("STREAM_LEFT",)
    with pytest.raises(StreamLeft):
        bench.inspect(bench.clock(), None, bad)
    assert bench.inspect(bench.clock(), None).judgement.verdict is Verdict.ACCEPT


def test_a_streamed_accept_that_cannot_be_recorded_leaves_as_a_reject(bench: Bench) -> None:
    """RECORD_FAILED, and the station is closed."""
    with bench.broken_disk():
        (inspection,) = bench.streamed((0, 0, 0))
    assert isinstance(inspection, Inspection)
    assert (inspection.judgement.verdict, inspection.judgement.causes) == (Verdict.REJECT, (Cause.RECORD_FAILED,))
    with pytest.raises(NotReady):
        bench.streamed((0, 0, 0))
