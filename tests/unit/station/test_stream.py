"""A strip that comes frame by frame: real frames, graphs, lane and bundle; only the order of events is set."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.bundle import Bundle
from stripsight.engine import Engine, Inference
from stripsight.errors import (
    EngineError,
    FrameCountError,
    FrameDigestError,
    FrameIndexError,
    HeaderError,
    ProductMismatch,
    StreamIdle,
    StreamLeft,
    StripsightError,
)
from stripsight.frame import FrameData
from stripsight.inspector import Inspector
from stripsight.limits import FrozenLimits
from stripsight.start import start_engine
from stripsight.station.admission import Admission
from stripsight.station.arrivals import Arrivals, Opening
from stripsight.station.stream import StripStream, Terms
from stripsight.strip import (
    HeatmapOptions,
    HeatmapWhich,
    Inspection,
    RejectedEarly,
    StripHeader,
    StripRequest,
    late,
)
from stripsight.verdict import Cause, Verdict

Frames = tuple[FrameData, ...]
Strip = Callable[..., Frames]

FAR_S = 60.0
Answer = RejectedEarly | Inspection
HEADER = StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=7, heatmaps=HeatmapOptions(HeatmapWhich.ALL))


class Stream:
    """A stream as a station answers it."""

    def __init__(self, line: "Line", arrivals: Arrivals, terms: Terms) -> None:
        self.line, self.arrivals = line, arrivals
        self.end, self.fail = arrivals.end, arrivals.fail
        self.strip = StripStream(line.inspector, line.admission.enter(), arrivals, terms)

    def put(self, part: StripHeader | FrameData) -> None:
        """Have a part arrive."""
        self.arrivals.put(Opening(part.key, lambda: part) if isinstance(part, StripHeader) else part)

    def answers(self) -> Iterator[Answer]:
        """Wait for the header, then yield all answers."""
        try:
            header = self.arrivals.opening().read()
            yield (yield from self.strip.answers(header))
        finally:
            self.strip._admitted.leave()


class Line:
    """An inspector with its lane, and streams into it."""

    def __init__(self, bundle: Bundle, engine: Engine, waiting: int = 3) -> None:
        self.bundle = bundle
        self.admission = Admission(waiting)
        self.inspector = Inspector(bundle, engine)
        self.overtaken: list[Future[Any]] = []

    def stream(self, *, idle_s: float = FAR_S, slot_s: float = FAR_S, clock: Any = None) -> Stream:
        """Begin a stream."""
        clock = clock or self.inspector._clock
        arrivals = Arrivals(len(self.bundle.recipe.frame.indices), idle_s, clock)
        terms = Terms(
            recipe=self.bundle.recipe,
            deadline=lambda: arrivals.arrived + slot_s,
            run=lambda work: work(),
            late=lambda header: late(header, self.bundle.bundle_id, "cpu"),
            overtaken=self.overtaken.append,
            clock=clock,
        )
        return Stream(self, arrivals, terms)

    def answered(self, *parts: Any, ended: bool = True, **options: Any) -> list[Answer]:
        """Put all parts in, end, and take what comes out."""
        stream = self.stream(**options)
        for part in parts:
            stream.put(part)
        if ended:
            stream.end()
        return list(stream.answers())


@pytest.fixture
def line(strip_bundle: Bundle, strip_engine: Engine) -> Iterator[Line]:
    """A line of the strip bundle; at the end nothing holds a place in it."""
    line = Line(strip_bundle, strip_engine)
    yield line
    assert line.admission.close(FAR_S)
    assert not line.admission._admitted


@pytest.fixture
def good(strip: Strip, strip_bundle: Bundle) -> Frames:
    """A good strip."""
    return strip(strip_bundle.recipe, 1)


@pytest.fixture
def bad(strip: Strip, strip_bundle: Bundle) -> Frames:
    """A strip with a defect on V5, region R3, in frame 15."""
    return strip(strip_bundle.recipe, 2, defective=True)


def what_counts(inspection: Inspection) -> Inspection:
    """The inspection without its times."""
    return replace(inspection, stages=dict.fromkeys(inspection.stages, 0.0), total_s=0.0)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("which", ["good", "bad"])
def test_the_inspection_is_that_of_a_strip_whose_frames_come_at_once(
    which: str, order: tuple[int, ...], line: Line, request: pytest.FixtureRequest
) -> None:
    """Scores to the bit, verdict, heatmaps, digests and the steps that were timed, in whatever order frames come."""
    frames: Frames = request.getfixturevalue(which)
    *_, streamed = line.answered(HEADER, *(frames[at] for at in order))
    asked = StripRequest(**vars(HEADER), frames=frames)
    unary = line.inspector.inspect(asked, line.inspector._clock() + FAR_S)
    assert isinstance(streamed, Inspection)
    assert what_counts(streamed) == what_counts(unary)
    assert len(streamed.heatmaps) == 60
    assert set(streamed.stages) == set(unary.stages)
    assert sum(streamed.stages.values()) <= streamed.total_s


class CountingEngine(Engine):
    """A real engine that notes what it is asked."""

    def infer_frame(self, patches: NDArray[np.uint8]) -> Inference:
        self.asked = [*getattr(self, "asked", []), len(patches)]
        return super().infer_frame(patches)


def test_each_frame_is_inferred_once(strip_bundle: Bundle, good: Frames) -> None:
    """The end of a strip does not repeat what was done when its frames came."""
    engine = start_engine(strip_bundle, threads=1, kind=CountingEngine)
    line = Line(strip_bundle, engine)
    line.answered(HEADER, *good)
    assert isinstance(engine, CountingEngine)
    assert engine.asked == [20, 20, 20]
    assert line.admission.close(FAR_S)


def test_a_frame_that_alone_rejects_says_so_before_the_last_is_there(line: Line, bad: Frames) -> None:
    """Once, with the place that decided and its score; the inspection that follows is a reject for it."""
    stream = line.stream()
    for part in (HEADER, bad[2], bad[0]):
        stream.put(part)
    answers = stream.answers()
    early = next(answers)
    assert isinstance(early, RejectedEarly)
    assert (early.frame, early.causes, early.findings) == (15, (Cause.ANOMALY,), ())
    assert [(one.vial, one.region, one.frame) for one in early.regions] == [("V5", "R3", 15)]
    stream.put(bad[1])
    stream.end()
    (inspection,) = answers
    assert isinstance(inspection, Inspection)
    (decided,) = (one for vial in inspection.judgement.vials for one in vial.regions if not one.accepted)
    assert decided == early.regions[0]


def test_a_frame_that_is_not_fit_rejects_early_and_ends_inference(
    line: Line, good: Frames, as_sent: Callable[..., FrameData]
) -> None:
    """The first of two black frames is told of; the inspection has the findings of both, and no scores."""
    black = [as_sent(index, np.full((144, 408), index, np.uint8)) for index in (0, 7)]
    early, inspection = line.answered(HEADER, *black, good[2])
    assert isinstance(early, RejectedEarly)
    assert isinstance(inspection, Inspection)
    assert (early.frame, early.causes, early.regions) == (0, (Cause.IMAGE_QUALITY,), ())
    assert {finding.frame_index for finding in early.findings} == {0}
    assert {finding.frame_index for finding in inspection.findings} == {0, 7}
    assert (inspection.judgement.vials, list(inspection.stages)) == ((), ["decode", "check"])


def test_a_hanging_camera_is_found_in_streams_too(strip_bundle: Bundle, strip_engine: Engine, strip: Strip) -> None:
    """A frame of an earlier strip, streamed or not, among a new strip's is a reject; the same strip again is not."""
    recipe = strip_bundle.recipe
    limits = recipe.checks.model_copy(update={"frozen": FrozenLimits(remember_strips=2)})
    bundle = replace(strip_bundle, recipe=recipe.model_copy(update={"checks": limits}))
    line = Line(bundle, strip_engine)
    first, second = strip(recipe, 1), strip(recipe, 2)
    asked = StripRequest(**vars(replace(HEADER, strip_seq=2)), frames=second)
    (one,) = line.answered(HEADER, *first)
    (again,) = line.answered(HEADER, *first)
    line.inspector.inspect(asked, math.inf)
    (mixed,) = line.answered(replace(HEADER, strip_seq=3), strip(recipe, 3)[0], first[1], second[2])
    found = [answer.judgement.causes for answer in (one, again, mixed) if isinstance(answer, Inspection)]
    assert found == [(), (), (Cause.IMAGE_QUALITY,)]


def damaged(frame: FrameData) -> FrameData:
    """The same with another digest."""
    return replace(frame, crc32c=frame.crc32c ^ 1)


@pytest.mark.parametrize(
    ("parts", "error", "field"),
    [
        (lambda f: (), HeaderError, "header"),
        (lambda f: (f[0],), HeaderError, "header"),
        (lambda f: (HEADER, HEADER), HeaderError, "header"),
        (lambda f: (HEADER, *f, HEADER), HeaderError, "header"),
        (lambda f: (replace(HEADER, product="other"),), ProductMismatch, "product"),
        (lambda f: (HEADER,), FrameCountError, "frames"),
        (lambda f: (HEADER, *f[:2]), FrameCountError, "frames"),
        (lambda f: (HEADER, *f, f[0]), FrameCountError, "frames"),
        (lambda f: (HEADER, f[0], f[0]), FrameIndexError, "frames[1].index"),
        (lambda f: (HEADER, f[0], replace(f[1], index=8)), FrameIndexError, "frames[1].index"),
        (lambda f: (HEADER, damaged(f[0]), f[1], f[2]), FrameDigestError, "frames[0].crc32c"),
        (lambda f: (HEADER, f[0], f[1], damaged(f[2])), FrameDigestError, "frames[2].crc32c"),
    ],
)
def test_a_wrong_stream_is_an_error(
    parts: Callable[[Frames], tuple[Any, ...]], error: type[StripsightError], field: str, line: Line, good: Frames
) -> None:
    """What is wrong is raised with its field, there is no inspection, and the place is given back."""
    with pytest.raises(error) as caught:
        line.answered(*parts(good))
    assert caught.value.field == field


def test_a_frame_too_many_is_never_passed_over(line: Line, good: Frames) -> None:
    """Though the verdict is there, nothing is answered before the machine has ended its side."""
    stream = line.stream()
    for part in (HEADER, *good):
        stream.put(part)
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(list[Answer], stream.answers())
        pause = threading.Event()
        while stream.strip._inspection is None:
            pause.wait(0.001)
        stream.put(good[0])
        assert isinstance(answers.exception(FAR_S), FrameCountError)


def test_what_the_receiver_met_is_raised(line: Line, good: Frames) -> None:
    """A client that left ends the answers."""
    stream = line.stream()
    stream.put(HEADER)
    stream.put(good[0])
    stream.fail(StreamLeft("left"))
    with pytest.raises(StreamLeft):
        list(stream.answers())


@pytest.mark.parametrize("count", [0, 2])
def test_a_machine_that_stops_sending(count: int, line: Line, good: Frames) -> None:
    """Nothing for longer than the setting ends the stream, with or without a header."""
    with pytest.raises(StreamIdle) as caught:
        line.answered(*(HEADER, *good)[:count], ended=False, idle_s=0.001)
    assert caught.value.facts == {"idle_ms": "1"}


def test_what_is_not_ready_when_the_slot_ends_is_late(line: Line, good: Frames) -> None:
    """The slot counts from the last frame: an answer that comes no sooner is a reject, and the work is left alone."""
    (inspection,) = line.answered(HEADER, *good, slot_s=0.0)
    assert isinstance(inspection, Inspection)
    assert inspection.judgement.verdict is Verdict.REJECT
    assert inspection.judgement.causes == (Cause.LATE,)
    assert (inspection.strip_id, inspection.strip_seq) == ("S-1", 7)


def test_a_side_that_is_not_ended_is_late_too(line: Line, good: Frames) -> None:
    """All frames are there and judged, but the machine never says that it is done."""
    (inspection,) = line.answered(HEADER, *good, ended=False, slot_s=0.3)
    assert isinstance(inspection, Inspection)
    assert inspection.judgement.causes == (Cause.LATE,)


def test_the_time_between_frames_is_no_time_of_the_slot(line: Line, good: Frames) -> None:
    """Hours between frames change nothing where nobody looks at idle time."""
    hours = iter(range(0, 100_000 * 3600, 3600))
    stream = line.stream(idle_s=1e9, slot_s=1e9, clock=lambda: next(hours))
    for part in (HEADER, *good):
        stream.put(part)
    stream.end()
    (inspection,) = stream.answers()
    assert isinstance(inspection, Inspection)
    assert inspection.judgement.verdict is Verdict.ACCEPT


def test_between_frames_the_lane_is_free_for_others(line: Line, good: Frames, bad: Frames) -> None:
    """Two streams whose frames alternate, and a strip at once in their midst, all get their own verdicts."""
    one, other = line.stream(), line.stream()
    one.put(HEADER)
    other.put(replace(HEADER, strip_id="S-2"))
    for first, second in zip(good[:2], bad[:2], strict=True):
        one.put(first)
        other.put(second)
    asked = StripRequest(strip_id="S-3", lot_id="L-1", strip_seq=3, frames=good)
    with line.admission.place() as place:
        unary = place.run(lambda: line.inspector.inspect(asked, math.inf), line.inspector._clock() + FAR_S)
    one.put(good[2])
    other.put(bad[2])
    for stream in (one, other):
        stream.end()
    answers = [list(stream.answers())[-1] for stream in (one, other)]
    verdicts = [answer.judgement.verdict for answer in answers if isinstance(answer, Inspection)]
    assert [unary.judgement.verdict, *verdicts] == [Verdict.ACCEPT, Verdict.ACCEPT, Verdict.REJECT]


def test_an_engine_that_fails_is_an_error(strip_bundle: Bundle, good: Frames) -> None:
    """A failed inference of any frame is raised."""
    line = Line(strip_bundle, Engine(strip_bundle.graph, threads=1, patch_size=16))
    with pytest.raises(EngineError):
        line.answered(HEADER, *good)
    assert line.admission.close(FAR_S)
