"""Pictures in memory, and the board that pages read."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from stripsight.hmi.album import RECENT, Album, frame_png, heat_png, shot_of
from stripsight.hmi.board import Board
from stripsight.hmi.snapshot import FILM, Snapshot
from stripsight.hmi.strip import Strip
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb


def pictures(number: int) -> record_pb.Pictures:
    """A frame and a heatmap."""
    heat = pb.Heatmap(frame_index=7, vial="V1", region="R2", png=b"heat")
    return record_pb.Pictures(
        record_seq=number, frames=[record_pb.FramePicture(frame_index=7, png=b"frame")], heatmaps=[heat]
    )


def test_accepts_do_not_push_rejects_out() -> None:
    """The filmstrip's pictures stay while strips go by; both kinds are bounded."""
    album = Album()
    album.keep(pictures(1), reject=True)
    for number in range(2, RECENT + 3):
        album.keep(pictures(number), reject=False)
    assert album.find(1) is not None and album.find(2) is None
    for number in range(100, 100 + FILM):
        album.keep(pictures(number), reject=True)
    assert album.find(1) is None


def test_heatmaps_stay_once_they_are_there() -> None:
    """A later answer that had no time for them does not take them away."""
    album = Album()
    album.keep(pictures(1), reject=True)
    album.keep(record_pb.Pictures(record_seq=1, missing="there was no time"), reject=True)
    kept = album.find(1)
    assert kept is not None and heat_png(kept, 7, "V1", "R2") == b"heat"


def test_pictures_are_found_by_what_they_show(strip_at: Callable[..., Strip]) -> None:
    """Of a frame, of a patch; nothing in place of another."""
    found = pictures(3)
    assert (frame_png(found, 7), frame_png(found, 0)) == (b"frame", None)
    assert (heat_png(found, 7, "V1", "R2"), heat_png(found, 7, "V2", "R2")) == (b"heat", None)
    shot = shot_of(strip_at(3), found)
    assert (shot.frames, shot.heats) == ((7,), ((7, "V1", "R2"),))


def test_a_slow_page_finds_the_latest(strip_at: Callable[..., Strip]) -> None:
    """However many changes there were since it looked, it gets one snapshot: the last."""

    async def look() -> tuple[int, int]:
        board = Board(Snapshot("line", datetime(2026, 11, 30, tzinfo=UTC)))
        board.begin(asyncio.get_running_loop())
        first = board.snapshot
        strips = [strip_at(number) for number in range(1, 51)]

        def change() -> None:
            for strip in strips:
                board.change(partial(Snapshot.judged, strip=strip))

        thread = threading.Thread(target=change)
        thread.start()
        await asyncio.to_thread(thread.join)
        seen = await board.after(first)
        return seen.tally.judged, 1 if await board.after(first) is seen else 0

    assert asyncio.run(look()) == (50, 1)
