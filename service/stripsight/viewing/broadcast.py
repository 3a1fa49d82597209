"""From a strip's answer to everybody who views: told at once, drawn when there is time."""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from stripsight.background import lower_priority
from stripsight.frame import FrameData
from stripsight.live import LiveBundle
from stripsight.strip import Inspection
from stripsight.viewing.gallery import Gallery
from stripsight.viewing.hub import Hub
from stripsight.viewing.options import PictureOptions
from stripsight.viewing.pictures import Pictures
from stripsight.viewing.recorded import Recorded, as_it_left
from stripsight.viewing.sight import LastStrips, Sight
from stripsight.viewing.view import Shown

BEHIND = "the service did not keep up with drawing"

# Strips that wait to be told of, and to be drawn. Memory stays bounded, whatever holds a thread up.
_TELL_MAX = 16
_DRAW_MAX = 4

M = TypeVar("M")

_log = structlog.get_logger()


class Broadcast(Generic[M]):
    """Two threads: one tells viewers of strips, the other, of low priority, draws once for all who want the same."""

    def __init__(
        self,
        hub: Hub[M],
        gallery: Gallery,
        last: LastStrips,
        *,
        judge_of: Callable[[str], LiveBundle | None],
        record_of: Callable[[int], Recorded],
        tells: Callable[[Recorded], M],
        shows: Callable[[Pictures], M],
    ) -> None:
        """`judge_of` gives a bundle by its id, `record_of` a record by its number; the last two write messages."""
        self._hub, self._gallery, self._last = hub, gallery, last
        self._judge_of, self._record_of = judge_of, record_of
        self._tells, self._shows = tells, shows
        self._heard: queue.Queue[Sight | None] = queue.Queue(_TELL_MAX)
        self._to_draw: queue.Queue[Recorded | None] = queue.Queue(_DRAW_MAX)
        self._threads = [
            threading.Thread(target=self._tell_all, name="viewers", daemon=True),
            threading.Thread(target=self._draw_all, name="pictures-to-view", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def hear(self, inspection: Inspection, frames: Callable[[], Sequence[FrameData]]) -> None:
        """Take note of an answer; never waits."""
        sight = Sight(inspection, tuple(frames()), self._judge_of(inspection.bundle_id))
        try:
            self._heard.put_nowait(sight)
        except queue.Full:
            self._hub.skip()

    def close(self) -> None:
        """Tell of what was heard, and end."""
        self._heard.put(None)
        self._threads[0].join()
        self._to_draw.put(None)
        self._threads[1].join()

    def _tell_all(self) -> None:
        while (sight := self._heard.get()) is not None:
            try:
                self._tell(sight)
            except Exception:
                self._hub.skip()
                _log.exception("viewers were not told", record_seq=sight.answer.record_seq)

    def _tell(self, sight: Sight) -> None:
        if not sight.answer.record_seq:  # not on record, or not yet
            self._hub.skip()
            return
        self._last.add(sight)
        if not self._hub.viewers:
            return
        seen = as_it_left(self._record_of(sight.answer.record_seq), sight.answer)
        self._hub.tell(Shown(self._tells(seen), seen.link.seq))
        if self._hub.wishes:
            self._order(seen)

    def _order(self, seen: Recorded) -> None:
        try:
            self._to_draw.put_nowait(seen)
        except queue.Full:
            for wish in self._hub.wishes:
                self._show(wish, Pictures(seen.link.seq, missing=BEHIND))

    def _draw_all(self) -> None:
        lower_priority()
        while (seen := self._to_draw.get()) is not None:
            for wish in self._hub.wishes:
                self._draw(seen, wish)

    def _draw(self, seen: Recorded, wish: PictureOptions) -> None:
        try:
            self._show(wish, self._gallery.draw(seen, wish))
        except Exception:
            _log.exception("pictures were not drawn", record_seq=seen.link.seq)
            self._show(wish, Pictures(seen.link.seq, missing="drawing failed; the service's log says why"))

    def _show(self, wish: PictureOptions, pictures: Pictures) -> None:
        self._hub.show(wish, Shown(self._shows(pictures), pictures.record_seq, is_picture=True))
