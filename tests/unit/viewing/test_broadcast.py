"""From an answer to those who view: told or counted, drawn or told why not."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import pytest

from stripsight.bundle import Bundle
from stripsight.errors import RecordError
from stripsight.frame import FrameData
from stripsight.journal.answers import Source, of_inspection
from stripsight.journal.chain import Link
from stripsight.live import LiveBundle
from stripsight.strip import HeatmapOptions, StripHeader, late
from stripsight.viewing.broadcast import BEHIND, Broadcast
from stripsight.viewing.gallery import NO_FRAMES, Gallery
from stripsight.viewing.hub import Hub
from stripsight.viewing.kept import NoFrames
from stripsight.viewing.options import PictureOptions
from stripsight.viewing.recorded import Recorded
from stripsight.viewing.sight import LastStrips
from stripsight.viewing.view import View

FAR_S = 60.0
HEADER = StripHeader(strip_id="S-1", lot_id="L-1", strip_seq=1)
FRAMES = PictureOptions(frames=True)


class Lane:
    """A lane that is free once it is told so."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.waited = threading.Event()

    def beside(self, work: Callable[[], object], timeout_s: float | None = None) -> object:
        """Run it."""
        return work()

    def pause(self) -> None:
        """Wait for the word."""
        self.waited.set()
        self.free.wait(FAR_S)


@dataclass
class Desk:
    """A broadcast about one bundle's strips, whose record has those that it is given."""

    bundle: Bundle
    sent: tuple[FrameData, ...]
    hub: Hub[str]
    lane: Lane
    on_record: dict[int, Recorded]
    broadcast: Broadcast[str]

    def answer(self, seq: int, *, sent: bool = True, on_record: bool = True) -> None:
        """Answer a strip, with its frames or without."""
        inspection = replace(late(HEADER, self.bundle.bundle_id, "cpu"), record_seq=seq)
        if on_record:
            record = of_inspection(HEADER.key, inspection, Source(self.bundle, "cpu"), 0.1)
            self.on_record[seq] = Recorded(record, Link(seq, b"h" * 32), 0, None)
        self.broadcast.hear(inspection, lambda: self.sent if sent else ())


@pytest.fixture
def desk(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]) -> Iterator[Desk]:
    """A desk that nobody views yet."""
    hub: Hub[str] = Hub(3)
    lane, last, on_record = Lane(), LastStrips(), dict[int, Recorded]()
    live = LiveBundle(strip_bundle)

    def record_of(seq: int) -> Recorded:
        if seq not in on_record:
            raise RecordError(f"record {seq} cannot be read")
        return on_record[seq]

    broadcast = Broadcast(
        hub,
        Gallery(last, NoFrames(), lambda _: live, lane),
        last,
        judge_of=lambda _: live,
        record_of=record_of,
        tells=lambda seen: f"told {seen.link.seq}",
        shows=lambda pictures: f"shown {pictures.record_seq}: {len(pictures.frames)} {pictures.missing}".strip(),
    )
    yield Desk(strip_bundle, strip(strip_bundle.recipe, 101), hub, lane, on_record, broadcast)
    lane.free.set()
    broadcast.close()


def fetched(view: View[str], count: int) -> list[tuple[str, int]]:
    """Return the next messages."""
    return list(islice(view.messages(), count))


def test_a_strip_is_told_and_then_shown(desk: Desk) -> None:
    """To each as it wants; a strip without frames says so."""
    with desk.hub.view(FRAMES) as frames, desk.hub.view(None) as plain:
        desk.answer(1)
        desk.answer(2, sent=False)
        assert fetched(plain, 2) == [("told 1", 0), ("told 2", 0)]
        found = fetched(frames, 4)
    assert sorted(found) == [("shown 1: 3", 0), (f"shown 2: 0 {NO_FRAMES}", 0), ("told 1", 0), ("told 2", 0)]


def test_what_is_not_on_record_or_cannot_be_read_there_is_counted(desk: Desk) -> None:
    """An answer that left before its commit has no number yet."""
    with desk.hub.view(None) as view:
        desk.answer(0)
        desk.answer(7, on_record=False)
        desk.answer(8)
        assert fetched(view, 1) == [("told 8", 2)]


def test_who_draws_and_falls_behind_says_so_and_telling_goes_on(desk: Desk) -> None:
    """While the lane is taken strips are told of; the pictures of those that are too many are given up."""
    desk.lane.free.clear()
    with desk.hub.view(FRAMES) as view:
        desk.answer(1)
        assert fetched(view, 1) == [("told 1", 0)]
        assert desk.lane.waited.wait(FAR_S)
        for seq in range(2, 7):
            desk.answer(seq)
        found = fetched(view, 6)
        assert found == [(f"told {seq}", 0) for seq in range(2, 7)] + [(f"shown 6: 0 {BEHIND}", 0)]
        desk.lane.free.set()
        assert fetched(view, 5) == [(f"shown {seq}: 3", 0) for seq in range(1, 6)]


def test_heatmaps_apply_to_no_strip_without_scores(desk: Desk) -> None:
    """Nothing is missing then."""
    with desk.hub.view(PictureOptions(heatmaps=HeatmapOptions())) as view:
        desk.answer(1)
        assert fetched(view, 2) == [("told 1", 0), ("shown 1: 0", 0)]
