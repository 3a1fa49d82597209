"""Work between strips that keeps a GPU awake."""

import threading

from stripsight.errors import NotReady
from stripsight.station.keep_alive import KeepAlive


def test_it_goes_on_until_closed() -> None:
    """One piece after another; none once `close` has returned."""
    pieces: list[int] = []
    third = threading.Event()

    def work() -> None:
        pieces.append(len(pieces))
        if len(pieces) == 3:
            third.set()

    keeps = KeepAlive(work, 0.0)
    assert third.wait(60)
    keeps.close()
    done = len(pieces)
    assert done >= 3
    assert not keeps._thread.is_alive()
    assert len(pieces) == done


def test_it_ends_with_the_service() -> None:
    """When there is no more work to be had it ends by itself, and `close` still returns."""

    def refused() -> None:
        raise NotReady("the service is about to stop")

    keeps = KeepAlive(refused, 0.0)
    keeps._thread.join(60)
    assert not keeps._thread.is_alive()
    keeps.close()
