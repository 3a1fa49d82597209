"""Keeps frames as pictures beside the line: once the answer is on record, while no strip is there."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from stripsight.errors import NotReady
from stripsight.frame import FrameData
from stripsight.metrics.pictures import Dropped, PictureMetrics
from stripsight.pictures import form
from stripsight.pictures.choice import Choice
from stripsight.pictures.store import PictureStore
from stripsight.station.listeners import Frames
from stripsight.strip import Inspection

STRIPS_MAX = 8
"""How many strips may wait for their pictures: some four seconds of the line, and their frames lie in memory."""
_TRIM_S = 60.0  # pictures also grow old while none come

Beside = Callable[[Callable[[], bytes]], bytes]
"""Runs a piece of work while no strip is there; raises NotReady once no strip will come any more."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Strip:
    inspection: Inspection
    frames: Sequence[FrameData]


class PictureKeeper:
    """Takes the strips that a choice wants, and writes their frames in a thread of its own."""

    def __init__(
        self,
        store: PictureStore,
        choice: Choice,
        metrics: PictureMetrics,
        *,
        beside: Beside,
        may_write: Callable[[], bool] = lambda: True,
        strips_max: int = STRIPS_MAX,
    ) -> None:
        """Start the thread; it ends with `close`, or with the process. `may_write` tells whether there is room."""
        self._store, self._choice, self._metrics = store, choice, metrics
        self._beside, self._may_write = beside, may_write
        self._waiting: queue.Queue[_Strip | None] = queue.Queue(strips_max)
        self._closed = False
        metrics.kept_is(lambda: store.bytes)
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def answered(self, inspection: Inspection, frames: Frames) -> None:
        """Take a strip that is on record, if it is wanted. Never waits: where there is no place it is dropped."""
        if not self._choice.wants(inspection):
            return
        strip = _Strip(inspection, sorted(frames(), key=lambda frame: frame.index))
        if not inspection.frame_digests:
            self._drop(strip, "unnamed")
        elif not self._may_write():
            self._drop(strip, "disk")
        else:
            try:
                self._waiting.put_nowait(strip)
            except queue.Full:
                self._drop(strip, "queue")

    def close(self, timeout_s: float) -> bool:
        """Write what is waiting, and end; False when that took longer than `timeout_s`, and the rest is left."""
        self._closed = True
        with suppress(queue.Full):  # then the thread does not wait, and sees that this is the end
            self._waiting.put_nowait(None)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _log.warning("pictures left at the end", strips=self._waiting.qsize() + 1)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not (self._closed and self._waiting.empty()):
            try:
                strip = self._waiting.get(timeout=_TRIM_S)
                if strip is not None:
                    self._keep(strip)
            except queue.Empty:
                self._trim()

    def _keep(self, strip: _Strip) -> None:
        for digest, frame in zip(strip.inspection.frame_digests, strip.frames, strict=True):
            try:
                if self._store.keep(digest, self._pieces(frame)):
                    self._metrics.written()
            except Exception as error:  # whatever it is, the next picture is tried
                self._drop(strip, "error", pictures=1, error=repr(error))

    def _pieces(self, frame: FrameData) -> Iterator[bytes]:
        pieces = form.encoded(frame)
        while piece := self._when_idle(lambda: next(pieces, b"")):
            yield piece

    def _when_idle(self, work: Callable[[], bytes]) -> bytes:
        try:
            return self._beside(work)
        except NotReady:  # no strip comes any more, so none can be held up
            return work()

    def _trim(self) -> None:
        try:
            self._store.trim()
        except OSError as error:
            _log.warning("old pictures stay", error=str(error))

    def _drop(self, strip: _Strip, reason: Dropped, pictures: int = 0, **facts: str) -> None:
        self._metrics.dropped(reason, pictures or len(strip.frames))
        ids = {"strip_id": strip.inspection.strip_id, "record_seq": strip.inspection.record_seq}
        _log.warning("pictures dropped", why=reason, **ids, **facts)
