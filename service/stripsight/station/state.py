"""Whether strips are inspected now, and why not."""

from collections.abc import Callable
from typing import TypeVar

from stripsight.errors import NotReady
from stripsight.status import Readiness

T = TypeVar("T")

Why = tuple[Readiness, str]


class State:
    """Starting, until it is turned; any thread may ask and turn it."""

    def __init__(self, tell: Callable[[bool], None]) -> None:
        """`tell` hears at each change whether strips are inspected."""
        self._tell = tell
        self._held = ""
        self._own: Why = (Readiness.STARTING, "the engine warms up and the challenge set runs")

    @property
    def now(self) -> Why:
        """How it is and why, in a sentence."""
        held = self._held
        return (Readiness.PAUSED, held) if held and self._own[0] is Readiness.SERVING else self._own

    def turn(self, readiness: Readiness, reason: str) -> None:
        """Go on to another readiness; one that has failed stays so."""
        if self._own[0] is not Readiness.FAILED:
            self._own = (readiness, reason)
        self._tell(self.now[0] is Readiness.SERVING)

    def hold(self, reason: str) -> None:
        """Take no strips while there is a reason; go on once it is empty."""
        self._held = reason
        self._tell(self.now[0] is Readiness.SERVING)

    def inspecting(self, part: T | None) -> T:
        """Return a part that inspects. Raises NotReady unless it is there and strips are taken."""
        return _there(part, self.now)

    def serving(self, part: T | None) -> T:
        """Return a part of what inspects, also while strips are held. Raises NotReady."""
        return _there(part, self._own)


def _there(part: T | None, why: Why) -> T:
    readiness, reason = why
    if part is None or readiness is not Readiness.SERVING:
        raise NotReady(f"not ready: {reason}", state=readiness.lower())
    return part
