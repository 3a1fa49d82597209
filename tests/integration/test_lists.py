"""What a real server shows of its record: lists, pages, single strips, and the pictures of older ones."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client
from stripsight.client.bundles import BundleClient
from stripsight.client.records import RecordClient, ServiceError, picture_options, wanted
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.viewing.sight import REMEMBERED

LOT = "L-lists"
LIMIT_S = 60.0

Ask = Callable[..., Answer]
Start = Callable[..., Any]


@dataclass(frozen=True)
class Line:
    """A server with its record, the inspections it has answered, and a client that looks at them."""

    server: Any
    folder: Path
    answers: list[pb.Inspection]
    client: RecordClient


@pytest.fixture
def line(
    *, start: Start, connect: Callable[[str], Client], ask: Ask, strip_bundle: Bundle, tmp_path: Path
) -> Iterator[Line]:
    """Nine good strips and one bad one, with pictures of all, and a call that was refused in between."""
    server = start(strip_bundle.path, record_dir=tmp_path, picture_sample=1.0).started()
    client, answers = connect(server.target), []
    for number in range(1, 11):
        if number == 5:
            with suppress(ServiceError):
                ask(client, lot_id=LOT, strip_id="refused", strip_seq=99, product="another")
        strip = {"lot_id": LOT, "strip_id": f"S-{number}", "strip_seq": number, "heatmaps": "all"}
        answer = ask(client, seed=100 + number, defective=number == 4, **strip)
        answers.append(answer.reply.inspection)
    with ExitStack() as stack:
        yield Line(server, tmp_path, answers, stack.enter_context(RecordClient(server.target)))


def numbers(found: Iterator[record_pb.RecordedInspection]) -> list[int]:
    """Return the strips' numbers."""
    return [one.inspection.strip_seq for one in found]


def test_a_list_holds_what_was_answered_the_latest_first(line: Line) -> None:
    """All that is on record about each strip; of a refused call, why."""
    found = list(line.client.list())
    assert [one.inspection.strip_seq for one in found] == [10, 9, 8, 7, 6, 5, 99, 4, 3, 2, 1]
    for one, answered in zip((one for one in found if not one.refusal_reason), reversed(line.answers), strict=True):
        assert same(one.inspection, answered)
        assert (one.product, len(one.patch_scores), len(one.frame_digests)) == ("small-5x4", 60, 3)
        assert one.inspection.stage_times.infer_ms == pytest.approx(answered.stage_times.infer_ms)
        assert abs(one.recorded_at.ToDatetime(UTC) - datetime.now(UTC)).total_seconds() < 3600
    refused = found[6]
    assert (refused.refusal_reason, refused.inspection.verdict) == ("PRODUCT_MISMATCH", pb.VERDICT_UNSPECIFIED)
    assert "another" in refused.refusal_message
    assert refused.inspection.bundle_id == line.answers[0].bundle_id


def same(listed: pb.Inspection, answered: pb.Inspection) -> bool:
    """Tell whether a listed inspection is the one answered, but for pictures and times."""
    copies = [pb.Inspection.FromString(one.SerializeToString()) for one in (listed, answered)]
    for copy in copies:
        for field in ("heatmaps", "stage_times"):
            copy.ClearField(field)
    return copies[0] == copies[1]


def test_pages_follow_one_another_while_strips_are_inspected(
    line: Line, ask: Ask, connect: Callable[[str], Client]
) -> None:
    """A strip that comes in between moves nothing: no gap and no repeat."""
    request, found = wanted(lot_id=LOT, page_size=3), []
    client = connect(line.server.target)
    while True:
        page = line.client.page(request)
        found += numbers(iter(page.inspections))
        ask(client, lot_id=LOT)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert found == [10, 9, 8, 7, 6, 5, 99, 4, 3, 2, 1]


def test_a_token_belongs_to_its_filters_and_outlives_a_restart(line: Line, start: Start, strip_bundle: Bundle) -> None:
    """With other filters, or changed, it is refused."""
    token = line.client.page(wanted(lot_id=LOT, page_size=4)).next_page_token
    for other in (wanted(), wanted(lot_id="L-2"), wanted(lot_id=LOT, verdict=pb.VERDICT_REJECT)):
        other.page_token = token
        with pytest.raises(ServiceError) as refused:
            line.client.page(other)
        assert (refused.value.code, refused.value.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")
    line.server.process.terminate()
    assert line.server.ended() == 0
    again = start(strip_bundle.path, record_dir=line.folder).started()
    request = wanted(lot_id=LOT, page_size=2)
    request.page_token = token
    with RecordClient(again.target) as client:
        assert numbers(iter(client.page(request).inspections)) == [6, 5]


def test_filters_choose(line: Line) -> None:
    """Lot, beginning of the id, verdict, cause and time; together they narrow."""
    times = {one.inspection.strip_seq: one.recorded_at.ToDatetime(UTC) for one in line.client.list()}
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"lot_id": "nobody"}, []),
        ({"strip_id_prefix": "S-1"}, [10, 1]),
        ({"verdict": pb.VERDICT_REJECT}, [4]),
        ({"verdict": pb.VERDICT_ACCEPT}, [10, 9, 8, 7, 6, 5, 3, 2, 1]),
        ({"cause": pb.CAUSE_ANOMALY, "lot_id": LOT}, [4]),
        ({"cause": pb.CAUSE_LATE}, []),
        ({"since": times[3], "until": times[5]}, [99, 4, 3]),
    ]
    for filters, expected in cases:
        assert numbers(line.client.list(wanted(**filters))) == expected, filters


def test_one_strip_is_found_by_its_record_and_by_its_name(line: Line) -> None:
    """Both tell the same; without pictures unless they are asked for."""
    answered = line.answers[3]
    by_number = line.client.get(answered.record_seq)
    assert same(by_number.inspection.inspection, answered)
    assert not by_number.HasField("pictures")
    assert line.client.get(lot_id=LOT, strip_id="S-4", strip_seq=4) == by_number


def test_pictures_of_the_last_strips_and_of_older_ones_are_the_same(
    line: Line, start: Start, strip_bundle: Bundle
) -> None:
    """The former come out of memory; after a restart all come out of kept frames, and are inferred again."""
    options = picture_options(frames=True, frame_width_max_px=160, heatmaps="all")
    last = {one.strip_seq: line.client.get(one.record_seq, pictures=options).pictures for one in line.answers}
    line.server.process.terminate()
    assert line.server.ended() == 0
    again = start(strip_bundle.path, record_dir=line.folder).started()
    with RecordClient(again.target) as client:
        for answered in (line.answers[3], line.answers[9]):
            found = client.get(answered.record_seq, pictures=options)
            assert found.inspection.frames_kept
            assert (found.pictures.missing, len(found.pictures.frames)) == ("", 3)
            assert found.pictures == last[answered.strip_seq]
            assert list(found.pictures.heatmaps) == list(answered.heatmaps)
            assert len(answered.heatmaps) == 60


def test_what_is_missing_is_said(line: Line, start: Start, item_bundle: Bundle, strip_bundle: Bundle) -> None:
    """Frames that are gone, and a bundle that judges no more."""
    bad = line.answers[3].record_seq
    options = picture_options(frames=True, heatmaps="rejected")
    line.server.process.terminate()
    assert line.server.ended() == 0
    other = start(item_bundle.path, record_dir=line.folder).started()
    with RecordClient(other.target) as client:
        found = client.get(bad, pictures=options).pictures
        assert (len(found.frames), len(found.heatmaps)) == (3, 0)
        assert found.missing == "the bundle that judged is not there any more"
        for picture in (line.folder / "pictures").rglob("*.png"):
            picture.unlink()
        found = client.get(bad, pictures=options).pictures
    assert (len(found.frames), len(found.heatmaps)) == (0, 0)
    assert found.missing == "the frames are not kept"


def test_heatmaps_outlive_a_change_of_the_bundle(
    *,
    start: Start,
    connect: Callable[[str], Client],
    ask: Ask,
    strip_bundle: Bundle,
    slack_bundle: Bundle,
    tmp_path: Path,
) -> None:
    """An older strip is drawn by the bundle that judged it, as long as that can be rolled back to."""
    shutil.copytree(slack_bundle.path, tmp_path / "bundles" / "slack")
    server = start(strip_bundle.path, bundles=tmp_path / "bundles", record_dir=tmp_path / "record").started()
    client = connect(server.target)
    bad = ask(client, seed=104, defective=True).reply.inspection
    with BundleClient(server.target) as engineer:
        engineer.activate(slack_bundle.bundle_id, who="A", why="CC-1")
    others = [ask(client).reply.inspection.bundle_id for _ in range(REMEMBERED)]
    assert set(others) == {slack_bundle.bundle_id}
    with RecordClient(server.target) as viewer:
        found = viewer.get(bad.record_seq, pictures=picture_options(heatmaps="rejected")).pictures
    assert (found.missing, list(found.heatmaps)) == ("", list(bad.heatmaps))
    assert bad.heatmaps


def test_heatmaps_of_an_older_strip_wait_for_a_moment_without_a_strip(
    *, line: Line, start: Start, connect: Callable[[str], Client], ask: Ask, strip_bundle: Bundle
) -> None:
    """While one is inspected there are none, and that is said; the frames come, and the verdict is as ever."""
    line.server.process.terminate()
    assert line.server.ended() == 0
    server = start(strip_bundle.path, record_dir=line.folder, gated=True).started()
    server.until("armed")
    options = picture_options(frames=True, heatmaps="all")
    bad = line.answers[3]
    with ThreadPoolExecutor(2) as pool, RecordClient(server.target) as client:
        strip = pool.submit(ask, connect(server.target), seed=150)
        server.until("infer")
        found = client.get(bad.record_seq, pictures=options).pictures
        assert (len(found.frames), len(found.heatmaps)) == (3, 0)
        assert found.missing == "there was no time between strips to draw the heatmaps"
        server.say("go")
        assert strip.result(LIMIT_S).reply.inspection.verdict == pb.VERDICT_ACCEPT
        later = pool.submit(client.get, bad.record_seq, pictures=options)
        server.until("infer")
        server.say("go")
        assert list(later.result(LIMIT_S).pictures.heatmaps) == list(bad.heatmaps)
