"""Work in the inspection lane: that of strips, and that beside them."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from stripsight.errors import EngineError, StripsightError
from stripsight.metrics.inspections import InspectionMetrics
from stripsight.station.admission import Admission
from stripsight.strip import Inspection

T = TypeVar("T")

# Work of low priority beside a lane that is never free goes on after this, piece by piece.
_PAUSE_S = 0.1


class Lane:
    """The lane of an admission, where a failure of the engine is noted whatever it ran for."""

    def __init__(
        self, admission: Admission, fail: Callable[[StripsightError], None], metrics: InspectionMetrics
    ) -> None:
        """`fail` hears of a failure of the engine, in the lane's thread; `metrics` of the steps of strips."""
        self.admission = admission
        self._fail = fail
        self._metrics = metrics

    def run(self, work: Callable[[], T]) -> T:
        """Run work in the lane's thread: note a failure of the engine, and the steps of a strip that ends."""
        try:
            found = work()
        except EngineError as error:
            self._fail(error)
            raise
        if isinstance(found, Inspection):
            self._metrics.stages_took(found.stages)
        return found

    def beside(self, work: Callable[[], T], timeout_s: float | None = None) -> T:
        """Run a piece of work on the engine while no strip is there: see Admission.submit_idle.

        Raises NotReady, and TimeoutError when it has not ended after `timeout_s`.
        """
        future = self.admission.submit_idle(partial(self.run, work))
        try:
            return future.result(timeout_s)
        finally:
            future.cancel()

    def idle(self, work: Callable[[], T]) -> "Future[T]":
        """Have work of another bundle's engine run while no strip is there: see Admission.submit_idle."""
        return self.admission.submit_idle(work)

    def pause(self) -> None:
        """Wait until nothing runs in the lane, but not for long."""
        self.admission.pause(_PAUSE_S)
