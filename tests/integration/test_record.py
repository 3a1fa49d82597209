"""The record of a real server: in each reply, in the log, once for each strip, and its own end when it fails."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError, is_accept, regions_of
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.journal.reader import Kept, Reader, Wanted
from stripsight.journal.record import Outcome, StripRecord

FAR_S = 60.0
RECORD = 8
# Room for the tables and a few strips: a write beyond it fails as on a full disk.
LIMITED = ["prlimit", "--fsize=200000", sys.executable, "-m", "stripsight", "serve"]

Ask = Callable[..., Answer]
Connect = Callable[[str], Client]
Start = Callable[..., Any]
Stream = Callable[..., Answer]


class Records:
    """The record of the servers that a test starts, in one directory."""

    def __init__(self, start: Start, bundle: Bundle, folder: Path) -> None:
        self._start, self._bundle, self.folder = start, bundle, folder

    def served(self, **settings: object) -> Any:
        """Start a server that keeps its record here, and wait until it inspects."""
        return self._start(self._bundle.path, record_dir=self.folder, **settings).started()

    def strips(self) -> list[Kept]:
        """Read the strips on record, after a look whether all is good."""
        reader = Reader(self.folder)
        checked = reader.verify()
        assert checked.fault is None, checked.fault
        found = reader.find(Wanted(kinds=("strip",)))
        reader.close()
        return found


@pytest.fixture
def records(start: Start, strip_bundle: Bundle, tmp_path: Path) -> Records:
    """A record to be."""
    return Records(start, strip_bundle, tmp_path)


def body(kept: Kept) -> StripRecord:
    """Return a strip's record."""
    assert isinstance(kept.entry.body, StripRecord)
    return kept.entry.body


def test_a_reply_and_its_log_line_name_the_record(
    records: Records, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """The record is there, with everything the verdict rests on, while the server runs."""
    server = records.served()
    reply = ask(connect(server.target), seed=104, defective=True).reply.inspection
    line = server.until("inspected")
    (kept,) = records.strips()
    assert kept.link == (reply.record_seq, reply.record_hash)
    assert (line["record_seq"], line["record_hash"]) == (reply.record_seq, reply.record_hash.hex())
    record = body(kept)
    assert (record.lot_id, record.strip_id, record.strip_seq) == (reply.lot_id, reply.strip_id, reply.strip_seq)
    assert (record.verdict, record.causes) == (Outcome.REJECT, ("ANOMALY",))
    assert (record.bundle_id, record.provider, record.simulated) == (strip_bundle.bundle_id, "cpu", False)
    assert (len(record.scores), len(record.frame_digests)) == (60, 3)
    assert record.thresholds == tuple(strip_bundle.thresholds[name] for name in record.layout.regions)
    worst = [region.score for vial in reply.vials for region in vial.regions]
    by_frame = [record.scores[at : at + 20] for at in (0, 20, 40)]
    assert worst == [max(column) for column in zip(*by_frame, strict=True)]
    times = {name: getattr(reply.stage_times, f"{name}_ms") for name in record.stages_ms}
    assert times == record.stages_ms
    assert reply.stage_times.record_ms > 0


def test_a_repeat_over_the_wire_is_an_accept_again(
    records: Records, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """Also from the next server, whose record goes on; there is one record."""
    replies = []
    for _ in range(2):
        server = records.served()
        client = connect(server.target)
        answer = ask(client, strip_seq=1)
        status = client.status()
        assert is_accept(
            answer.request,
            answer.reply,
            bundle_id=status.bundle_id,
            regions=regions_of(status.product),
            elapsed_s=answer.elapsed_s,
            slot_s=FAR_S,
        )
        server.process.send_signal(signal.SIGTERM)
        assert server.ended() == 0
        replies.append(answer.reply.inspection)
    first, again = replies
    assert not again.stage_times.HasField("infer_ms")
    for reply in replies:
        reply.ClearField("stage_times")
    assert first == again
    assert len(records.strips()) == 1


@pytest.fixture
def stream(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]) -> Stream:
    """Have a good strip inspected frame by frame: `stream(client, frames, **as Client.stream takes)`."""

    def stream(client: Client, *, frames: int = 3, **arguments: Any) -> Answer:
        usual: dict[str, Any] = {"strip_id": "S-101", "lot_id": "L-1", "timeout_s": FAR_S}
        usual["product"] = strip_bundle.recipe.product.name
        with client.stream(**(usual | arguments)) as sending:
            for frame in strip(strip_bundle.recipe, 101)[:frames]:
                sending.send(frame)
            return sending.answer()

    return stream


def test_a_streamed_strip_is_on_record_as_one_that_came_at_once(
    records: Records, connect: Connect, ask: Ask, stream: Stream
) -> None:
    """One record, named in its inspection, with the scores of the same frames at once; a repeat, either way, gets it.

    The times are its own, and a repeat has none.
    """
    client = connect(records.served().target)
    first = stream(client, strip_seq=1, simulated=True).reply.inspection
    again, at_once = stream(client, strip_seq=1), ask(client, strip_seq=1)
    ask(client, strip_seq=2)
    streamed, other = records.strips()
    assert streamed.link == (first.record_seq, first.record_hash)
    assert body(streamed).simulated
    for name in ("verdict", "causes", "findings", "frame_digests", "layout", "thresholds", "scores", "bundle_id"):
        assert getattr(body(streamed), name) == getattr(body(other), name)
    assert set(body(streamed).stages_ms) == set(body(other).stages_ms)
    assert len(body(streamed).scores) == 60
    assert first.stage_times.record_ms > 0
    first.ClearField("stage_times")
    for answer in (again, at_once):
        assert not answer.reply.inspection.stage_times.HasField("infer_ms")
        answer.reply.inspection.ClearField("stage_times")
        assert answer.reply.inspection == first


def test_a_streamed_strip_repeated_at_the_next_server_is_an_accept_again(
    records: Records, connect: Connect, stream: Stream
) -> None:
    """By the client's own predicate, since an accept that is on record may pass."""
    for _ in range(2):
        server = records.served()
        client = connect(server.target)
        answer, status = stream(client, strip_seq=1), client.status()
        assert is_accept(
            answer.request,
            answer.reply,
            bundle_id=status.bundle_id,
            regions=regions_of(status.product),
            elapsed_s=answer.elapsed_s,
            slot_s=FAR_S,
            call_s=answer.call_s,
        )
        server.process.send_signal(signal.SIGTERM)
        assert server.ended() == 0
    assert len(records.strips()) == 1


def test_every_refused_stream_that_names_a_strip_has_one_record(
    records: Records, connect: Connect, stream: Stream
) -> None:
    """Wrong in its header, wrong in its frames, ended too soon; a repeat that is right is refused as the first was."""
    client = connect(records.served().target)
    wrong: list[dict[str, Any]] = [
        {"strip_seq": 1, "product": "another"},
        {"strip_seq": 2, "product": ""},
        {"strip_seq": 3, "frames": 2},
        {"strip_seq": 3},
        {"strip_seq": 4, "strip_id": "no id"},
        {"strip_seq": 0},
    ]
    reasons = []
    for arguments in wrong:
        with pytest.raises(ServiceError) as refused:
            stream(client, **arguments)
        reasons.append(refused.value.reason)
    on_record = ["PRODUCT_MISMATCH", "PRODUCT_MISMATCH", "FRAME_COUNT"]
    assert reasons == [*on_record, "FRAME_COUNT", "ID_INVALID", "ID_INVALID"]
    assert [body(kept).causes for kept in records.strips()] == [(reason,) for reason in on_record]


def test_a_stream_whose_client_left_is_on_record(
    *, records: Records, connect: Connect, ask: Ask, strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]
) -> None:
    """STREAM_LEFT, once; the strip gets no other answer."""
    server = records.served(gated=True)
    server.until("armed")
    client = connect(server.target)
    product = strip_bundle.recipe.product.name
    with client.stream(strip_id="S-101", lot_id="L-1", strip_seq=1, product=product, timeout_s=FAR_S) as sending:
        sending.send(strip(strip_bundle.recipe, 101)[0])
        server.until("infer")
    assert server.until("refused")["reason"] == "STREAM_LEFT"
    server.say("frame")
    with pytest.raises(ServiceError) as refused:
        ask(client, strip_seq=1)
    assert refused.value.reason == "STREAM_LEFT"
    assert [body(kept).causes for kept in records.strips()] == [("STREAM_LEFT",)]


def test_every_refused_call_that_names_a_strip_has_one_record(
    records: Records, connect: Connect, ask: Ask, strip_bundle: Bundle
) -> None:
    """Wrong in the message, wrong in the frames, too late: the reason is on record. A wrong id names no strip."""
    client = connect(records.served().target)
    wrong: list[dict[str, Any]] = [{"product": ""}, {"product": "another"}, {"strip_id": "no id"}, {"strip_seq": 0}]
    reasons = []
    for arguments in wrong:
        with pytest.raises(ServiceError) as refused:
            ask(client, **arguments)
        reasons.append(refused.value.reason)
    assert reasons == ["PRODUCT_MISMATCH", "PRODUCT_MISMATCH", "ID_INVALID", "ID_INVALID"]
    assert [(body(kept).verdict, body(kept).causes) for kept in records.strips()] == [
        (Outcome.REFUSED, ("PRODUCT_MISMATCH",)),
        (Outcome.REFUSED, ("PRODUCT_MISMATCH",)),
    ]


def test_a_late_strip_is_on_record_as_late(records: Records, connect: Connect, ask: Ask, strip_bundle: Bundle) -> None:
    """The answer that left is the one that is kept, whatever the inspection comes to later."""
    server = records.served(gated=True, slot_ms=600)
    server.until("armed")
    reply = ask(connect(server.target)).reply.inspection
    assert list(reply.causes) == [pb.CAUSE_LATE]
    server.say("go")
    server.until("a late inspection ended")
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0
    assert [(body(kept).verdict, body(kept).causes) for kept in records.strips()] == [(Outcome.REJECT, ("LATE",))]


def test_the_life_of_a_server_is_on_record(records: Records, strip_bundle: Bundle) -> None:
    """Start, bundle with its challenge set, drain, stop and a checkpoint over all of it."""
    server = records.served()
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == 0
    reader = Reader(records.folder)
    found = [kept.entry.body for kept in reader.find(Wanted())]
    checked = reader.verify()
    reader.close()
    assert [str(event.kind) for event in found] == ["start", "bundle", "drain", "stop", "checkpoint"]
    assert (checked.fault, checked.signed.seq) == (None, 4)
    bundle: Any = found[1]
    assert (bundle.facts["bundle_id"], bundle.facts["challenge_strips"]) == (strip_bundle.bundle_id, 2)


def test_a_disk_without_room_ends_the_service_and_lets_no_accept_out(
    records: Records, connect: Connect, ask: Ask
) -> None:
    """The first strip that finds no room is a reject with RECORD_FAILED, none is answered after it, and exit is 8."""
    server, answered = records.served(command=LIMITED), []
    client = connect(server.target)
    while (reply := ask(client).reply.inspection).verdict == pb.VERDICT_ACCEPT:
        answered.append((reply.record_seq, reply.record_hash))
    assert (list(reply.causes), reply.record_seq, reply.record_hash) == ([pb.CAUSE_RECORD_FAILED], 0, b"")
    assert server.ended() == RECORD
    assert "record failed" in [line["event"] for line in server.lines]
    assert answered
    assert [kept.link for kept in records.strips()] == answered


def test_a_second_server_on_a_record_ends_with_a_plain_message(
    start: Start, records: Records, strip_bundle: Bundle
) -> None:
    """It names the directory, and has a status of its own."""
    records.served()
    second = start(strip_bundle.path, record_dir=records.folder)
    assert second.ended() == RECORD
    assert second.stderr == f"stripsight: RECORDS_IN_USE: {records.folder}: another service keeps its record here\n"


def test_a_damaged_record_is_refused(start: Start, strip_bundle: Bundle, tmp_path: Path) -> None:
    """Nothing listens and nothing is touched."""
    (tmp_path / "records.db").write_bytes(b"no database" * 1000)
    server = start(strip_bundle.path, record_dir=tmp_path)
    assert server.ended() == RECORD
    assert server.stderr.startswith(f"stripsight: RECORDS_DAMAGED: {tmp_path}: expected a record")
    assert server.stderr.count("\n") == 1
    assert (tmp_path / "records.db").read_bytes() == b"no database" * 1000
