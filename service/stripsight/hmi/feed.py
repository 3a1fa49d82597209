"""Keeps the board up to date: asks how the service is, watches its inspections, and reads the record to begin with."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from stripsight.client.service_error import ServiceError
from stripsight.hmi.album import Album, shot_of
from stripsight.hmi.board import Board
from stripsight.hmi.history import read_lot
from stripsight.hmi.service import VIEW, Service
from stripsight.hmi.snapshot import Snapshot
from stripsight.hmi.strip import Outcome, Strip, strip_of
from stripsight.inspection.v1 import record_service_pb2 as record_pb

_LOG = logging.getLogger(__name__)
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
        for work, pause_s in ((self._ask, _ASK_S), (self._watch, _AGAIN_S)):
            threading.Thread(target=self._keep_on, args=(work, pause_s), daemon=True).start()

    def stop(self) -> None:
        """End after the calls under way."""
        self._ended.set()

    def _keep_on(self, work: Callable[[], None], pause_s: float) -> None:
        while not self._ended.is_set():
            try:
                work()
            except Exception:  # a page that stands still and looks alive is worse than one that tries again
                _LOG.exception("the page lost its view of the service")
            self._ended.wait(pause_s)

    def _ask(self) -> None:
        try:
            status = self._service.status()
        except ServiceError:
            self._board.change(partial(Snapshot.lost, now=self._now()))
        else:
            self._board.change(partial(Snapshot.answered, status=status, now=self._now()))

    def _watch(self) -> None:
        try:
            for message in self._service.watch():
                self._take(message)
        except ServiceError:
            pass  # the status says what is wrong
        finally:
            self._board.change(Snapshot.unread)  # until the view begins again

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
