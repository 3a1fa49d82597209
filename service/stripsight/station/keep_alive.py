"""Keeps a GPU at its clock between strips: it slows down within milliseconds of having nothing to do."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

import structlog

from stripsight.errors import StripsightError

_log = structlog.get_logger()


class KeepAlive:
    """Does a piece of work beside the strips, again and again, until `close`.

    A strip that comes waits for the piece that runs, at most the inference of one frame: a few milliseconds on a GPU,
    against the tens that a GPU at rest needs to wake.
    """

    def __init__(self, work: Callable[[], object], pause_s: float) -> None:
        """Begin. `work` does one piece while no strip is there and returns then; `pause_s` passes before the next."""
        self._work = work
        self._pause_s = pause_s
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keep-alive", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End after the piece that runs."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._pause_s):
            try:
                self._work()
            except (StripsightError, CancelledError) as error:  # the service stops, or has failed and says so itself
                _log.info("keep-alive ended", reason=str(error))
                return
