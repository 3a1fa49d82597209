"""Viewers of a real server: told of each strip, shown its pictures, and without effect on any."""

import re
import signal
import socket
import urllib.request
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import cv2
import numpy as np
import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.client.records import RecordClient, ServiceError, picture_options
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb

FAR_S = 60.0

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Events = Generator[record_pb.WatchInspectionsResponse, None, None]
Look = Callable[..., RecordClient]
Start = Callable[..., Any]


@pytest.fixture(scope="module")
def server(start_for_module: Start, strip_bundle: Bundle) -> Any:
    """A server that takes two viewers."""
    return start_for_module(strip_bundle.path, viewers=2).started()


@pytest.fixture
def look() -> Iterator[Look]:
    """Open clients that look at inspections, which close with the test."""
    with ExitStack() as stack:
        yield lambda target: stack.enter_context(RecordClient(target))


def begun(client: RecordClient, pictures: record_pb.PictureOptions | None = None) -> Events:
    """Return a view that has begun."""
    events = client.watch(pictures, timeout_s=FAR_S)
    assert next(events).HasField("started")
    return events


def gauge(server: Any, name: str) -> float:
    """Return a metric of a server."""
    with urllib.request.urlopen(f"http://{server.metrics}/metrics") as answer:
        found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def nobody_views(server: Any) -> None:
    """Return once every viewer has left; one that never does runs into the test's timeout."""
    while gauge(server, "stripsight_viewers"):
        pass


def test_a_viewer_is_told_what_was_answered(server: Any, connect: Connect, look: Look, ask: Ask) -> None:
    """The answer word for word but for its heatmaps, with its place on record."""
    view = begun(look(server.target))
    for seed, defective in ((101, False), (104, True)):
        answered = ask(connect(server.target), seed=seed, defective=defective).reply.inspection
        event = next(view)
        told = event.recorded
        del answered.heatmaps[:]
        assert told.inspection == answered
        assert (event.skipped, told.product, told.simulated) == (0, "small-5x4", False)
        assert len(told.patch_scores) == 60
        assert [len(digest) for digest in told.frame_digests] == [32, 32, 32]
        assert told.recorded_at.seconds > 1_600_000_000
        assert told.since_arrival_ms > 0


def test_a_view_begins_with_the_number_of_the_last_record(server: Any, connect: Connect, look: Look, ask: Ask) -> None:
    """So that a viewer can fetch what came before without a gap."""
    last = ask(connect(server.target)).reply.inspection.record_seq
    started = next(look(server.target).watch(timeout_s=FAR_S)).started
    assert started.record_seq >= last


def test_a_call_that_is_refused_is_not_shown(server: Any, connect: Connect, look: Look, ask: Ask) -> None:
    """Viewers see inspections; the next one comes first."""
    view = begun(look(server.target))
    client = connect(server.target)
    with pytest.raises(ServiceError):
        ask(client, product="another")
    seq = ask(client).reply.inspection.record_seq
    assert next(view).recorded.inspection.record_seq == seq


def test_pictures_follow_in_a_message_of_their_own(
    *,
    server: Any,
    connect: Connect,
    look: Look,
    ask: Ask,
    strip: Callable[..., tuple[FrameData, ...]],
    strip_bundle: Bundle,
) -> None:
    """Frames made smaller by a whole factor, and the heatmaps that the machine gets too."""
    view = begun(look(server.target), picture_options(frames=True, frame_width_max_px=160, heatmaps="rejected"))
    answered = ask(connect(server.target), seed=104, defective=True).reply.inspection
    assert next(view).recorded.inspection.record_seq == answered.record_seq
    shown = next(view).pictures
    assert (shown.record_seq, shown.missing) == (answered.record_seq, "")
    assert list(shown.heatmaps) == list(answered.heatmaps)
    assert answered.heatmaps
    for picture, frame in zip(shown.frames, strip(strip_bundle.recipe, 104, True), strict=True):
        sent = np.frombuffer(frame.data, np.uint8).reshape(144, 408)
        pixels = cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_UNCHANGED)
        assert (picture.frame_index, picture.scale, pixels.shape) == (frame.index, 3, (48, 136))
        assert np.abs(pixels - sent.reshape(48, 3, 136, 3).mean(axis=(1, 3))).max() <= 0.5 + 1e-9


def test_all_heatmaps_come_for_a_good_strip_and_none_where_none_apply(
    server: Any, connect: Connect, look: Look, ask: Ask
) -> None:
    """Who wants something else gets something else."""
    every = begun(look(server.target), picture_options(heatmaps="all"))
    rejected = begun(look(server.target), picture_options(heatmaps="rejected"))
    seq = ask(connect(server.target)).reply.inspection.record_seq
    for view in (every, rejected):
        assert next(view).HasField("recorded")
    assert len(next(every).pictures.heatmaps) == 60
    assert next(rejected).pictures == record_pb.Pictures(record_seq=seq)


def test_one_viewer_more_than_there_are_places_is_refused_until_one_leaves(
    server: Any, connect: Connect, look: Look, ask: Ask
) -> None:
    """RESOURCE_EXHAUSTED, OVERLOADED; strips are inspected meanwhile."""
    nobody_views(server)
    first, second = begun(look(server.target)), begun(look(server.target))
    with pytest.raises(ServiceError) as refused:
        next(look(server.target).watch(timeout_s=FAR_S))
    assert (refused.value.code, refused.value.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    assert ask(connect(server.target)).reply.inspection.verdict == pb.VERDICT_ACCEPT
    first.close()
    while gauge(server, "stripsight_viewers") != 1:
        pass
    third = begun(look(server.target))
    assert gauge(server, "stripsight_viewers") == 2
    for view in (second, third):
        view.close()


def test_a_viewer_who_does_not_keep_up_gets_the_latest_and_is_told_how_many_it_missed(
    server: Any, connect: Connect, look: Look, ask: Ask
) -> None:
    """Told and missed make up all; the pictures that come are of inspections that were told."""
    nobody_views(server)
    view, client = begun(look(server.target), picture_options(frames=True, heatmaps="all")), connect(server.target)
    before, sent = gauge(server, "stripsight_views_skipped_total"), 0
    seq = 0
    while gauge(server, "stripsight_views_skipped_total") < before + 3:
        seq, sent = ask(client).reply.inspection.record_seq, sent + 1
    told, shown, missed = [], [], 0
    while not told or told[-1] != seq:
        event = next(view)
        missed += event.skipped
        told += [event.recorded.inspection.record_seq] if event.HasField("recorded") else []
        shown += [event.pictures.record_seq] if event.HasField("pictures") else []
    assert missed >= 3
    assert len(told) + missed == sent
    assert told == sorted(set(told))
    assert set(shown) <= set(told)


def test_stalled_viewers_take_no_thread_and_no_verdict_from_strips(
    start: Start, connect: Connect, look: Look, ask: Ask, strip_bundle: Bundle
) -> None:
    """Fifty that read nothing: every strip is answered as without them, and the service can tell how it is."""
    server = start(strip_bundle.path, viewers=50, waiting=0).started()
    client = connect(server.target)
    strips = [(101, False), (104, True)] * 10
    alone = [verdict_of(ask(client, seed=seed, defective=defective)) for seed, defective in strips]
    pictures = picture_options(frames=True, heatmaps="all")
    stalled = [begun(look(server.target), pictures) for _ in range(50)]
    assert gauge(server, "stripsight_viewers") == 50
    beside = [verdict_of(ask(client, seed=seed, defective=defective)) for seed, defective in strips]
    assert beside == alone
    assert client.status().readiness
    assert client.is_serving()
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0
    del stalled


def test_stalled_scrapers_take_nothing_from_strips(
    start: Start, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """Fifty that ask half a question of the metrics: strips are answered, a scrape is too, and the server stops."""
    server = start(strip_bundle.path).started()
    host, _, port = server.metrics.rpartition(":")
    with ExitStack() as stack:
        for _ in range(50):
            scraper = stack.enter_context(socket.create_connection((host, int(port)), FAR_S))
            scraper.sendall(b"GET /metr")
        assert ask(connect(server.target)).reply.inspection.verdict == pb.VERDICT_ACCEPT
        assert gauge(server, "stripsight_record_seq")
        server.process.send_signal(signal.SIGTERM)
        assert server.ended() == 0


def verdict_of(answer: Answer) -> tuple[int, list[int], list[float]]:
    """Return what was said of a strip: verdict, causes and scores."""
    found = answer.reply.inspection
    return found.verdict, list(found.causes), [region.score for vial in found.vials for region in vial.regions]


def test_a_viewer_that_is_gone_is_forgotten(server: Any, connect: Connect, ask: Ask) -> None:
    """Its place is free again, also when it went without a word."""
    nobody_views(server)
    client = RecordClient(server.target)
    view = begun(client, picture_options(frames=True))
    assert gauge(server, "stripsight_viewers") == 1
    client.close()
    nobody_views(server)
    assert ask(connect(server.target)).reply.inspection.record_seq
    del view


def test_a_drain_ends_views_at_once_though_a_strip_is_still_inspected(
    start: Start, connect: Connect, look: Look, ask: Ask, strip_bundle: Bundle
) -> None:
    """UNAVAILABLE, NOT_READY before the strip is done, which is then answered; nobody is let in any more."""
    server = start(strip_bundle.path, gated=True).started()
    server.until("armed")
    view = begun(look(server.target))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, connect(server.target))
        server.until("infer")
        server.process.send_signal(signal.SIGTERM)
        for events in (view, look(server.target).watch(timeout_s=FAR_S)):
            with pytest.raises(ServiceError) as ended:
                next(events)
            assert (ended.value.code, ended.value.reason) == ("UNAVAILABLE", "NOT_READY")
        server.say("go")
        assert answer.result(FAR_S).reply.inspection.verdict == pb.VERDICT_ACCEPT
    assert (server.ended(), server.stderr) == (0, "")
