"""The pictures of a real server: which are there after the answers, and what stops when the disk fills."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from shutil import disk_usage
from typing import Any
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stripsight.bundle import Bundle
from stripsight.client import Answer, Client, ServiceError
from stripsight.client.records import RecordClient, picture_options
from stripsight.frame import FrameData, PixelFormat, crc32c
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.journal.reader import Reader, Wanted
from stripsight.journal.record import StripRecord
from stripsight.pictures.choice import Choice
from stripsight.pictures.folder import PictureFolder
from stripsight.strip import StripHeader, late
from stripsight.verdict import Judgement, Verdict

FAR_S = 60.0
KILLED = [sys.executable, str(Path(__file__).with_name("killed_server.py"))]
DISK = [sys.executable, str(Path(__file__).with_name("disk_server.py"))]

Ask = Callable[..., Answer]
Strip = Callable[..., tuple[FrameData, ...]]


class Line:
    """A server with pictures, and what it has kept."""

    def __init__(self, start: Callable[..., Any], bundle: Bundle, folder: Path) -> None:
        self._start, self._bundle, self.folder = start, bundle, folder
        self.pictures = PictureFolder(folder / "pictures")

    def serve(self, **settings: object) -> Any:
        """Start a server that keeps its record here."""
        self.server = self._start(self._bundle.path, record_dir=self.folder, **settings).started()
        return self.server

    def digests(self, record_seq: int) -> tuple[str, ...]:
        """Read what is on record about a strip's frames."""
        reader = Reader(self.folder)
        kept = reader.at(record_seq)
        reader.close()
        assert kept is not None
        assert isinstance(kept.entry.body, StripRecord)
        return kept.entry.body.frame_digests

    def last(self) -> int:
        """Return the number of the last strip's record."""
        reader = Reader(self.folder)
        (found,) = reader.find(Wanted(kinds=("strip",)), 1)
        reader.close()
        return found.link.seq

    def kept(self, record_seq: int) -> list[FrameData | None]:
        """Return a strip's frames as they are kept."""
        digests = zip((0, 7, 15), self.digests(record_seq), strict=True)
        return [self.pictures.frame(index, digest) for index, digest in digests]

    def count(self, name: str, *labels: str) -> float:
        """Scrape one sample."""
        families = text_string_to_metric_families(urlopen(f"http://{self.server.metrics}/metrics").read().decode())
        samples = (sample for family in families for sample in family.samples)
        found = [s.value for s in samples if s.name == f"stripsight_{name}" and tuple(s.labels.values()) == labels]
        return float(found[0])

    def until(self, count: float, name: str, *labels: str) -> None:
        """Wait until a sample has come to `count`; each look is a call of its own."""
        for _ in range(5_000):
            if self.count(name, *labels) >= count:
                return
        raise AssertionError(f"{name} {labels} has not come to {count}")


@pytest.fixture
def line(start: Callable[..., Any], strip_bundle: Bundle, tmp_path: Path) -> Line:
    """A line to be."""
    return Line(start, strip_bundle, tmp_path / "records")


def deep(frames: Iterable[FrameData]) -> list[FrameData]:
    """Make MONO12 of MONO8, with low bits that no accept depends on."""
    found = []
    for frame in frames:
        samples = [sample << 4 | position % 16 for position, sample in enumerate(frame.data)]
        data = b"".join(sample.to_bytes(2, "little") for sample in samples)
        found.append(replace(frame, data=data, pixel_format=PixelFormat.MONO12, crc32c=crc32c(data)))
    return found


def test_the_frames_of_a_rejected_strip_are_there_after_the_answer(
    line: Line, connect: Callable[[str], Client], ask: Ask, strip: Strip, strip_bundle: Bundle
) -> None:
    """By the digests on record and to the byte, of either call and at full depth; an accepted one's are not."""
    client = connect(line.serve(picture_sample=0).target)
    product = strip_bundle.recipe.product.name
    bad, other = strip(strip_bundle.recipe, 104, True), deep(strip(strip_bundle.recipe, 106, True))
    accepted = ask(client).reply.inspection
    whole = ask(client, seed=104, defective=True).reply.inspection
    ids = {"lot_id": "L-1", "product": product, "timeout_s": FAR_S}
    twelve = client.inspect(deep(bad), strip_id="S-12", strip_seq=12, **ids).reply.inspection
    with client.stream(strip_id="S-9", strip_seq=9, **ids) as stream:
        for frame in other:
            stream.send(frame)
        streamed = stream.answer().reply.inspection
    line.until(9, "pictures_written_total")
    assert [pb.Verdict.Name(one.verdict) for one in (accepted, whole, twelve, streamed)] == [
        "VERDICT_ACCEPT",
        *["VERDICT_REJECT"] * 3,
    ]
    assert line.kept(whole.record_seq) == list(bad)
    assert line.kept(twelve.record_seq) == deep(bad)
    assert line.kept(streamed.record_seq) == other
    assert line.kept(accepted.record_seq) == [None] * 3
    assert line.count("pictures_bytes") == sum(path.stat().st_size for path in line.folder.rglob("*.png"))


def test_pictures_wait_for_the_strips_that_come_next(line: Line, connect: Callable[[str], Client], ask: Ask) -> None:
    """While another strip is at work nothing is written of those before it, however long that takes."""
    line.serve(gated=True, waiting=1)
    line.server.until("armed")
    client = connect(line.server.target)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, client, seed=104, defective=True)
        line.server.until("infer")
        second = pool.submit(ask, client, seed=101)
        line.until(1, "waiting")
        line.server.say("go")
        answered = first.result(FAR_S).reply.inspection
        line.server.until("infer")
        assert {line.count("pictures_written_total") for _ in range(50)} == {0}
        assert sum(path.stat().st_size for path in line.pictures.path.rglob("*") if path.is_file()) == 0
        line.server.say("go")
        assert second.result(FAR_S).reply.inspection.verdict == pb.VERDICT_ACCEPT
    line.until(3, "pictures_written_total")
    assert None not in line.kept(answered.record_seq)


def test_the_sample_of_accepted_strips_can_be_worked_out(
    line: Line, connect: Callable[[str], Client], ask: Ask
) -> None:
    """From the seed and the ids alone, before a strip is sent."""
    choice, seqs = Choice(0.4, 7), range(1, 13)
    base = late(StripHeader(strip_id="S", lot_id="L-1", strip_seq=1), "", "")
    strips = {
        seq: replace(base, strip_id=f"A-{seq}", strip_seq=seq, judgement=Judgement(Verdict.ACCEPT, ())) for seq in seqs
    }
    expected = [choice.wants(strips[seq]) for seq in seqs]
    client = connect(line.serve(picture_sample=0.4, picture_seed=7).target)
    answers = [ask(client, seed=200 + seq, strip_id=f"A-{seq}", strip_seq=seq).reply.inspection for seq in seqs]
    assert {answer.verdict for answer in answers} == {pb.VERDICT_ACCEPT}
    line.until(3 * sum(expected), "pictures_written_total")
    assert [None not in line.kept(answer.record_seq) for answer in answers] == expected
    assert 0 < sum(expected) < len(expected)


def test_pictures_stop_first_then_inspection_and_both_come_back(
    line: Line, connect: Callable[[str], Client], ask: Ask, tmp_path: Path
) -> None:
    """As the disk fills: an alarm and no pictures; then NOT_READY with the reason; with room it goes on by itself."""
    free = tmp_path / "free"
    free.write_text("1000000000")
    line.serve(command=["env", f"FREE_BYTES={free}", *DISK], disk_floor_bytes=100_000_000)
    client = connect(line.server.target)

    def becomes(free_bytes: int, readiness: int, alarms: list[str]) -> service_pb.GetStatusResponse:
        # Written aside and renamed, so that the server never reads half a number.
        (tmp_path / "next").write_text(str(free_bytes))
        (tmp_path / "next").rename(free)
        expected = readiness, alarms, readiness == service_pb.READINESS_SERVING
        for _ in range(5_000):
            status = client.status()
            if (status.readiness, [alarm.code for alarm in status.alarms], client.is_serving()) == expected:
                return status
        raise AssertionError(f"expected {readiness} and {alarms}, found {status}")

    becomes(1_000_000_000, service_pb.READINESS_SERVING, [])
    becomes(190_000_000, service_pb.READINESS_SERVING, ["DISK_PICTURES_STOPPED"])
    assert ask(client, seed=104, defective=True).reply.inspection.record_seq > 0
    assert line.count("pictures_dropped_total", "disk") == 3

    status = becomes(90_000_000, service_pb.READINESS_PAUSED, ["DISK_FULL"])
    assert "inspection needs 100 MB free, found 90 MB" in status.readiness_reason
    assert status.alarms[0].urgent
    assert (line.count("ready"), line.count("disk_free_bytes")) == (0, 90_000_000)
    with pytest.raises(ServiceError, match=r"NOT_READY.*inspection needs 100 MB free"):
        ask(client, strip_seq=77)

    becomes(1_000_000_000, service_pb.READINESS_SERVING, [])
    assert ask(client).reply.inspection.verdict == pb.VERDICT_ACCEPT
    bad = ask(client, seed=105, defective=True).reply.inspection
    line.until(3, "pictures_written_total")
    assert None not in line.kept(bad.record_seq)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_real_disk_that_pictures_fill(
    start: Callable[..., Any], strip_bundle: Bundle, small_disk: Path, connect: Callable[[str], Client], ask: Ask
) -> None:
    """Pictures take the last room that is theirs, then stop; the line goes on until another file takes more."""
    line = Line(start, strip_bundle, small_disk / "records")
    client = connect(line.serve(disk_floor_bytes=16_000_000).target)

    def fill(name: str, free_bytes: int) -> None:
        with (small_disk / name).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, disk_usage(small_disk).free - free_bytes)

    def until(*alarms: str) -> None:
        for _ in range(5_000):
            if tuple(alarm.code for alarm in client.status().alarms) == alarms:
                return
        raise AssertionError(f"expected {alarms}, found {client.status().alarms}")

    fill("other", 32_000_000 + 500_000)
    seeds = count(300)
    while not client.status().alarms:
        assert ask(client, seed=next(seeds), defective=True).reply.inspection.record_seq
    until("DISK_PICTURES_STOPPED")
    assert line.count("pictures_bytes") > 100_000
    dropped = line.count("pictures_dropped_total", "disk")
    assert ask(client, seed=next(seeds), defective=True).reply.inspection.record_seq
    assert line.count("pictures_dropped_total", "disk") == dropped + 3
    fill("more", 15_000_000)
    until("DISK_FULL")
    with pytest.raises(ServiceError, match="NOT_READY"):
        ask(client)
    (small_disk / "other").unlink()
    (small_disk / "more").unlink()
    until()
    assert ask(client).reply.inspection.verdict == pb.VERDICT_ACCEPT


def test_a_strip_of_a_server_that_ended_is_shown_with_its_pictures(
    line: Line, connect: Callable[[str], Client], ask: Ask, strip: Strip, strip_bundle: Bundle
) -> None:
    """Frames as they were and the heatmaps of the answer; listed as kept until a picture is gone or another's."""
    answer = ask(connect(line.serve().target), seed=104, defective=True).reply.inspection
    line.until(3, "pictures_written_total")
    line.server.process.send_signal(signal.SIGTERM)
    assert line.server.ended() == 0
    options = picture_options(frames=True, heatmaps="rejected")
    with RecordClient(line.serve().target) as client:
        (listed,) = client.list()
        shown = client.get(answer.record_seq, pictures=options)
        assert (listed.frames_kept, shown.inspection.frames_kept, shown.pictures.missing) == (True, True, "")
        frames = strip(strip_bundle.recipe, 104, True)
        pixels = [cv2.imdecode(np.frombuffer(one.png, np.uint8), cv2.IMREAD_UNCHANGED) for one in shown.pictures.frames]
        assert [picture.tobytes() for picture in pixels] == [frame.data for frame in frames]
        assert shown.pictures.heatmaps == answer.heatmaps
        first, *_, last = (
            line.pictures.path / f"{digest[:2]}/{digest}.png" for digest in line.digests(answer.record_seq)
        )
        first.write_bytes(last.read_bytes())
        shown = client.get(answer.record_seq, pictures=options)
        assert (len(shown.pictures.frames), shown.pictures.missing) == (0, "the frames are not kept")
        first.unlink()
        assert not next(client.list()).frames_kept


def test_retention_removes_the_oldest_pictures_of_a_server_that_runs(
    line: Line, connect: Callable[[str], Client], ask: Ask
) -> None:
    """With room for two strips only the last two are there, and the metric says what they take."""
    client = connect(line.serve().target)
    seqs = [ask(client, seed=300, defective=True).reply.inspection.record_seq]
    line.until(3, "pictures_written_total")
    room = int(line.count("pictures_bytes") * 2.5)
    line.server.process.send_signal(signal.SIGTERM)
    assert line.server.ended() == 0
    client = connect(line.serve(picture_bytes=room).target)
    seqs += [ask(client, seed=seed, defective=True).reply.inspection.record_seq for seed in (301, 302)]
    line.until(6, "pictures_written_total")
    assert [None in line.kept(seq) for seq in seqs] == [True, False, False]
    assert line.count("pictures_bytes") <= room


def test_a_service_killed_in_the_middle_of_a_picture_leaves_no_half_one(
    line: Line, connect: Callable[[str], Client], ask: Ask, strip: Strip, strip_bundle: Bundle
) -> None:
    """The strip is on record all the same; the next service clears away what was begun, and keeps what was whole."""
    server = line.serve(command=["env", "KILL_AT=picture:5", *KILLED])
    with suppress(ServiceError):  # it may be killed before the answer has left
        ask(connect(server.target), seed=104, defective=True)
    assert server.ended() == -signal.SIGKILL
    seq = line.last()
    first = strip(strip_bundle.recipe, 104, True)[0]
    assert line.kept(seq) == [first, None, None]
    assert len(list(line.pictures.path.glob(".*"))) == 1
    again = connect(line.serve().target)
    assert not list(line.pictures.path.glob(".*"))
    assert line.kept(seq) == [first, None, None]
    later = ask(again, seed=105, defective=True).reply.inspection.record_seq
    line.until(3, "pictures_written_total")
    assert None not in line.kept(later)


def test_no_room_for_pictures_means_none(line: Line, connect: Callable[[str], Client], ask: Ask) -> None:
    """0 bytes switch them off, and nothing is counted as dropped."""
    client = connect(line.serve(picture_bytes=0).target)
    ask(client, seed=104, defective=True)
    line.server.process.send_signal(signal.SIGTERM)
    assert line.server.ended() == 0
    assert not line.pictures.path.exists()
