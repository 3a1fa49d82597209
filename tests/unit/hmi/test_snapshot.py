"""How the page goes on with what the service tells."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stripsight.hmi.band import Link
from stripsight.hmi.snapshot import FILM, Shot, Snapshot
from stripsight.hmi.strip import Strip
from stripsight.hmi.tally import Tally, tally_of
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb

BEGAN = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(minutes=1)
StripAt = Callable[..., Strip]


@pytest.fixture
def first() -> Snapshot:
    """Nothing was heard yet."""
    return Snapshot("line:50051", BEGAN)


def test_a_service_that_never_answered_is_waited_for(first: Snapshot) -> None:
    """It is not called lost."""
    assert first.lost(LATER).link is Link.CONNECTING


def test_a_lost_connection_keeps_when_it_was_lost(first: Snapshot) -> None:
    """Asked again and again, the page says since when; what was shown stays until the record is read anew."""
    up = first.answered(service_pb.GetStatusResponse(slot_ms=500), BEGAN)
    lost = up.lost(LATER).lost(LATER + timedelta(minutes=5))
    assert (lost.link, lost.since, lost.slot_ms, lost.loaded) == (Link.LOST, LATER, 500, False)
    assert lost.answered(service_pb.GetStatusResponse(), LATER).link is Link.UP


def test_a_strip_is_the_latest_at_once(first: Snapshot, strip_at: StripAt) -> None:
    """Its verdict does not wait for its pictures, and pictures of another are not taken for its own."""
    one = first.judged(strip_at(1)).pictured(Shot(strip_at(1), (0, 7, 15)))
    two = one.judged(strip_at(2))
    assert two.latest is not None and two.shot is not None
    assert (two.latest.strip_id, two.shot.strip.strip_id) == ("S-2", "S-1")


def test_rejects_make_the_film(first: Snapshot, strip_at: StripAt) -> None:
    """The latest first, a bounded number, no accepts among them."""
    snapshot = first
    for number in range(1, FILM + 10):
        snapshot = snapshot.judged(strip_at(2 * number, V1_R0=0.03)).judged(strip_at(2 * number + 1))
    assert len(snapshot.rejects) == FILM
    assert snapshot.rejects[0].strip.strip_id == f"S-{2 * (FILM + 9)}"


def test_what_the_record_told_is_not_told_twice(first: Snapshot, strip_at: StripAt) -> None:
    """A strip that waited in the view while the record was read is on the film once."""
    strips = (strip_at(2, V1_R0=0.03), strip_at(1))
    snapshot = first.read(tally_of(reversed(strips), complete=True), strips).judged(strips[0])
    assert (snapshot.tally.judged, len(snapshot.rejects), snapshot.loaded) == (2, 1, True)


def test_a_still_has_a_picture_once_there_is_one(first: Snapshot, strip_at: StripAt) -> None:
    """Before its pictures have come none is asked for; of a strip on record only where frames are kept."""
    strip = strip_at(1, V1_R0=0.03)
    judged = first.judged(strip)
    assert judged.rejects[0].frames == ()
    assert judged.pictured(Shot(strip, (0, 7, 15))).rejects[0].frames == (0, 7, 15)
    status = service_pb.GetStatusResponse(product=service_pb.Product(frame_indices=[0, 7]))
    strips = (replace(strip_at(2, V1_R0=0.03), frames_kept=True), strip)
    read = first.answered(status, BEGAN).read(Tally(), strips)
    assert [shot.frames for shot in read.rejects] == [(0, 7), ()]
