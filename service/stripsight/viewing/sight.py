"""The last strips as they were seen, in memory."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from stripsight.errors import InvalidRequest
from stripsight.frame import Frame, FrameData, decode
from stripsight.live import LiveBundle
from stripsight.strip import Inspection

# Four seconds of a line; 10 MB each with frames of 2 megapixels.
REMEMBERED = 8


@dataclass(frozen=True)
class Sight:
    """An answer, the frames it rests on as they were sent, and the bundle that judged, None when it has gone."""

    answer: Inspection
    sent: tuple[FrameData, ...]
    judge: LiveBundle | None

    def frames(self) -> list[Frame]:
        """Return the frames decoded, ascending by index; none when the bundle has gone, or one cannot be decoded."""
        if self.judge is None:
            return []
        recipe = self.judge.bundle.recipe
        try:
            return [decode(frame, recipe) for frame in sorted(self.sent, key=lambda frame: frame.index)]
        except InvalidRequest:  # an answer that was LATE before its frames were looked at
            return []


class LastStrips:
    """Remembers the last few strips by their record's number. Calls may come from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sights: OrderedDict[int, Sight] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, sight: Sight) -> None:
        """Remember a strip, and forget the oldest of too many."""
        with self._lock:
            self._sights[sight.answer.record_seq] = sight
            if len(self._sights) > REMEMBERED:
                self._sights.popitem(last=False)

    def get(self, record_seq: int) -> Sight | None:
        """Return a strip, or None when it is not among the last."""
        with self._lock:
            return self._sights.get(record_seq)
