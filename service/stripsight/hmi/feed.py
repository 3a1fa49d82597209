"""Keeps the board up to date: asks how the service is, watches its inspections, and reads the record to begin with."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

from stripsight.hmi.album import Album, shot_of
from stripsight.hmi.board import Board, Change
from stripsight.hmi.history import read_lot
from stripsight.hmi.service import VIEW, Service
from stripsight.hmi.strip import Outcome, Strip, strip_of
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.service_error import ServiceError

_ASK_S = 0.5
_AGAIN_S = 0.3
_AWAITED = 16  # strips whose pictures may still come


def _now() -> datetime:
    return datetime.now(UTC)


class Feed:
    """Two threads: one asks for the status, one watches. Both go on for ever, whatever becomes of the service."""

    def __init__(self, service: Service, board: Board, album: Album, now: Callable[[], datetime] = _now) -> None:
        """Prepare; `start` begins."""
        self._service = service
        self._board = board
        self._album = album
        self._now = now
        self._ended = threading.Event()
        self._awaited: OrderedDict[int, Strip] = OrderedDict()

    def start(self) -> None:
        """Begin."""
        for work in (self._ask, self._watch):
            threading.Thread(target=work, daemon=True, name=f"feed{work.__name__}").start()

    def stop(self) -> None:
        """End after the calls under way."""
        self._ended.set()

    def _ask(self) -> None:
        while not self._ended.is_set():
            self._board.change(self._answer())
            self._ended.wait(_ASK_S)

    def _answer(self) -> Change:
        try:
            status = self._service.status()
        except ServiceError:
            now = self._now()
            return lambda snapshot: snapshot.lost(now)
        now = self._now()
        return lambda snapshot: snapshot.answered(status, now)

    def _watch(self) -> None:
        while not self._ended.is_set():
            try:
                for message in self._service.watch():
                    self._take(message)
            except ServiceError:
                pass  # the status says what is wrong; the record is read anew when the view begins again
            self._ended.wait(_AGAIN_S)

    def _take(self, message: record_pb.WatchInspectionsResponse) -> None:
        kind = message.WhichOneof("event")
        if kind == "started" or message.skipped:
            self._read()
        if kind == "recorded":
            self._judged(strip_of(message.recorded))
        elif kind == "pictures":
            self._pictured(message.pictures)

    def _read(self) -> None:
        tally, strips = read_lot(self._service)
        self._board.change(lambda snapshot: snapshot.read(tally, strips))
        if strips:
            self._awaited[strips[0].record_seq] = strips[0]
            self._pictured(self._service.get(strips[0].record_seq, VIEW).pictures)

    def _judged(self, strip: Strip) -> None:
        self._awaited[strip.record_seq] = strip
        while len(self._awaited) > _AWAITED:
            self._awaited.popitem(last=False)
        self._board.change(lambda snapshot: snapshot.judged(strip))

    def _pictured(self, pictures: record_pb.Pictures) -> None:
        strip = self._awaited.pop(pictures.record_seq, None)
        if strip is None:
            return
        self._album.keep(pictures, reject=strip.outcome is not Outcome.ACCEPT)
        self._board.change(lambda snapshot: snapshot.pictured(shot_of(strip, pictures)))
