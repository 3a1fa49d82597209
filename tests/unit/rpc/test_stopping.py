"""How the server is told to end."""

import queue
import signal
import threading

import pytest

from stripsight.exits import Exit
from stripsight.rpc.stopping import Stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_the_end_and_the_handlers_come_back(number: signal.Signals) -> None:
    """The handlers from before are there again afterwards."""
    before = signal.getsignal(number)
    stopping = Stopping()
    with stopping.signals():
        signal.raise_signal(number)
        assert stopping.wait() is Exit.OK
    assert signal.getsignal(number) is before


def test_the_first_word_counts_whichever_thread_it_comes_from() -> None:
    """What fails after that does not change how it ends."""
    stopping = Stopping()
    for how in (Exit.ENGINE, Exit.RECORD):
        thread = threading.Thread(target=stopping.ask, args=(how,))
        thread.start()
        thread.join()
    assert stopping.wait() is Exit.ENGINE


def test_a_word_that_does_not_wake_who_waits_is_heard_all_the_same() -> None:
    """A handler that runs between the begin of the wait and its sleep wakes nobody."""

    class Slept(queue.SimpleQueue[Exit]):
        """A queue whose first sleep nothing ends before its time."""

        slept = False

        def get(self, block: bool = True, timeout: float | None = None) -> Exit:
            assert timeout is not None, "this sleep would never end"
            if not self.slept:
                self.slept = True
                raise queue.Empty
            return super().get(block, timeout)

    stopping = Stopping()
    stopping._asked = Slept()
    stopping.ask(Exit.OK)
    assert stopping.wait() is Exit.OK
