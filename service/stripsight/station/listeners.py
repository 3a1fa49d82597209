"""Whoever wants to hear of each inspection that is on record: nothing that they do or fail at reaches the answer."""

from collections.abc import Callable, Sequence

import structlog

from stripsight.frame import FrameData
from stripsight.strip import Inspection

Frames = Callable[[], Sequence[FrameData]]
"""Gives the frames of a strip that were worked on; never waits."""

Listener = Callable[[Inspection, Frames], None]
"""Hears of an inspection, in the thread that answers it: it must not wait for anything."""

_log = structlog.get_logger()


class Listeners:
    """Tells all who were added. Calls may come from any thread."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> None:
        """Tell `listener` too, from the next inspection on."""
        self._listeners = (*self._listeners, listener)

    def tell(self, inspection: Inspection, frames: Frames) -> None:
        """Tell everybody; what a listener raises is logged."""
        for listener in self._listeners:
            try:
                listener(inspection, frames)
            except Exception:
                _log.exception("a listener failed", strip_id=inspection.strip_id, record_seq=inspection.record_seq)
