"""Strips frame by frame through the real server: process, socket, protobuf, lane and graph."""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, FrameStream, ServiceError, is_accept, regions_of
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb

FAR_S = 60.0
NUMBERS = count(1_000_000)  # beyond those of the strips that `ask` sends

Strip = Callable[..., tuple[FrameData, ...]]
Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]
Open = Callable[..., FrameStream]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for answers."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def begin(strip_bundle: Bundle) -> Open:
    """Begin a stream about a strip of 60 patches: `begin(client, seed=.., **as Client.stream takes)`.

    Each is about another strip, unless it says otherwise.
    """

    def begin(client: Client, *, seed: int = 101, **arguments: Any) -> FrameStream:
        usual: dict[str, Any] = {
            "strip_id": f"S-{seed}",
            "lot_id": "L-1",
            "strip_seq": next(NUMBERS),
            "product": strip_bundle.recipe.product.name,
            "timeout_s": FAR_S,
        }
        return client.stream(**(usual | arguments))

    return begin


@pytest.mark.parametrize(("seed", "defective"), [(101, False), (104, True)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_the_inspection_is_that_of_the_unary_call(
    *,
    seed: int,
    defective: bool,
    order: tuple[int, ...],
    strip_server: Any,
    connect: Connect,
    ask: Ask,
    begin: Open,
    strip_bundle: Bundle,
    strip: Strip,
) -> None:
    """Scores to the bit, verdict, causes and heatmaps; and the accept predicate says the same of both."""
    client, frames = connect(strip_server.target), strip(strip_bundle.recipe, seed, defective)
    unary = ask(client, seed=seed, defective=defective, heatmaps="all")
    with begin(client, seed=seed, heatmaps="all") as stream:
        for at in order:
            stream.send(frames[at])
        streamed = stream.answer()
    one, other = pb.Inspection(), pb.Inspection()
    for bare, answer in ((one, unary), (other, streamed)):
        bare.CopyFrom(answer.reply.inspection)
        assert {field.name for field, _ in bare.stage_times.ListFields()} >= {"infer_ms", "render_ms", "total_ms"}
        for its_own in ("stage_times", "strip_seq", "record_seq", "record_hash"):
            bare.ClearField(its_own)
    assert one == other
    assert len(other.heatmaps) == 60
    status = client.status()
    for answer in (unary, streamed):
        accepted = is_accept(
            answer.request,
            answer.reply,
            bundle_id=status.bundle_id,
            regions=regions_of(status.product),
            elapsed_s=answer.elapsed_s,
            slot_s=FAR_S,
            call_s=answer.call_s,
        )
        assert accepted is not defective


def test_an_early_reject_arrives_before_the_last_frame_is_sent(
    strip_server: Any, connect: Connect, begin: Open, strip_bundle: Bundle, strip: Strip
) -> None:
    """It names frame, place and score; the last frame is sent only after it has come, and the inspection agrees."""
    frames = strip(strip_bundle.recipe, 104, True)
    told: queue.SimpleQueue[pb.RejectedEarly] = queue.SimpleQueue()
    with begin(connect(strip_server.target), seed=104, on_early=told.put) as stream:
        stream.send(frames[2])
        stream.send(frames[0])
        early = told.get(timeout=FAR_S)
        stream.send(frames[1])
        answer = stream.answer()
    assert (early.frame_index, list(early.causes), list(early.findings)) == (15, [pb.CAUSE_ANOMALY], [])
    (region,) = early.regions
    assert (region.vial, region.region) == ("V5", "R3")
    assert region.score >= region.threshold == strip_bundle.thresholds["R3"]
    inspection = answer.reply.inspection
    assert inspection.verdict == pb.VERDICT_REJECT
    assert [r.score for v in inspection.vials for r in v.regions if not r.margin > 0] == [region.score]
    assert answer.rejected_early == early


def test_two_streams_at_once(
    strip_server: Any, connect: Connect, begin: Open, strip_bundle: Bundle, strip: Strip
) -> None:
    """Their frames alternate; each gets its own verdict."""
    client = connect(strip_server.target)
    good, bad = strip(strip_bundle.recipe, 101), strip(strip_bundle.recipe, 104, True)
    with begin(client, seed=101) as one, begin(client, seed=104) as other:
        for first, second in zip(good, bad, strict=True):
            one.send(first)
            other.send(second)
        verdicts = [stream.answer().reply.inspection.verdict for stream in (one, other)]
    assert verdicts == [pb.VERDICT_ACCEPT, pb.VERDICT_REJECT]


def test_between_frames_the_lane_is_free_and_the_place_is_taken(
    *, start: Start, connect: Connect, ask: Ask, begin: Open, strip_bundle: Bundle, strip: Strip
) -> None:
    """With one waiting place a strip passes in between, and a second stream leaves none."""
    client = connect(start(strip_bundle.path, waiting=1).started().target)
    frames = strip(strip_bundle.recipe, 101)
    with begin(client, seed=101) as one:
        one.send(frames[0])
        assert ask(client, seed=102).reply.inspection.verdict == pb.VERDICT_ACCEPT
        with begin(client, seed=103) as other:
            other.send(strip(strip_bundle.recipe, 103)[0])
            refused = overloaded(client, ask)
            assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
        for frame in frames[1:]:
            one.send(frame)
        assert one.answer().reply.inspection.verdict == pb.VERDICT_ACCEPT


def overloaded(client: Client, ask: Ask) -> ServiceError:
    """Ask until both streams have their places, which takes as long as they need to arrive."""
    while True:
        try:
            ask(client, seed=105)
        except ServiceError as error:
            return error


def test_a_client_that_leaves_frees_its_place(
    *, start: Start, connect: Connect, ask: Ask, begin: Open, strip_bundle: Bundle, strip: Strip
) -> None:
    """In the middle of a strip, its frame in the lane: the next strip is judged once that frame has ended."""
    server = start(strip_bundle.path, gated=True, waiting=0).started()
    server.until("armed")
    client = connect(server.target)
    with begin(client) as stream:
        stream.send(strip(strip_bundle.recipe, 101)[0])
        server.until("infer")
        with pytest.raises(ServiceError) as refused:
            ask(client, seed=102)
        assert refused.value.reason == "OVERLOADED"
    left = server.until("refused")
    while left["reason"] == "OVERLOADED":
        left = server.until("refused")
    assert left["method"] == "InspectFrames"
    server.say("frame")
    server.say("go")
    while True:
        try:
            assert ask(client, seed=103).reply.inspection.verdict == pb.VERDICT_ACCEPT
            break
        except ServiceError as error:
            assert error.reason == "OVERLOADED"


def test_a_streamed_strip_whose_lane_is_busy_when_the_slot_ends_is_late(
    start: Start, connect: Connect, begin: Open, strip_bundle: Bundle, strip: Strip
) -> None:
    """REJECT with LATE, although the inspection still runs; that ends by itself."""
    server = start(strip_bundle.path, gated=True, waiting=0, slot_ms=300).started()
    server.until("armed")
    with begin(connect(server.target)) as stream:
        for frame in strip(strip_bundle.recipe, 101):
            stream.send(frame)
        reply = stream.answer().reply.inspection
    assert (reply.verdict, list(reply.causes), reply.strip_id) == (pb.VERDICT_REJECT, [pb.CAUSE_LATE], "S-101")
    server.say("go")


def test_the_end_of_the_server_does_not_wait_for_a_machine(
    start: Start, connect: Connect, begin: Open, strip_bundle: Bundle, strip: Strip
) -> None:
    """A stop while a stream waits for frames ends the call, and the server with status 0."""
    server = start(strip_bundle.path, slot_ms=100).started()
    with begin(connect(server.target), timeout_s=FAR_S) as stream:
        stream.send(strip(strip_bundle.recipe, 101)[0])
        server.process.terminate()
        with pytest.raises(ServiceError):
            stream._answer.result(FAR_S)
        assert server.ended() == 0


def test_a_refused_stream_raises_where_it_is_used(strip_server: Any, connect: Connect, begin: Open) -> None:
    """The error comes out of the answer with its reason."""
    with begin(connect(strip_server.target), product="one-item") as stream:
        with pytest.raises(ServiceError) as refused:
            stream.answer()
        assert refused.value.reason == "PRODUCT_MISMATCH"
        with pytest.raises(ServiceError):
            stream.send(pb.Frame())
