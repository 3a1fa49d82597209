"""Where strips arrive: is the service ready, is there time, is the lane free; then inspect, count and log.

The slot contract is kept here. An answer is out before the slot, which counts from the last frame's arrival, or the
call's deadline ends; what is not ready by then is a reject, LATE; and what cannot be ready any more is refused before
it is computed.
"""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TypeVar

import structlog

from stripsight.admission import Admission, StillRunning
from stripsight.bundle import Bundle
from stripsight.errors import EngineError, NotReady, SlotTooShort
from stripsight.inspector import Inspector
from stripsight.metrics import Call, Metrics
from stripsight.status import Readiness, Status
from stripsight.stream import StripStream, Terms
from stripsight.strip import Inspection, RejectedEarly, StripHeader, StripRequest, late
from stripsight.timing import Clock
from stripsight.verdict import Cause

# Kept for writing the reply and sending it. Measured: 5 ms for a reply with 60 heatmaps on 2 cores.
REPLY_S = 0.010
# With less than this left nothing can be decoded, let alone inspected.
FLOOR_S = 0.010

_log = structlog.get_logger()

T = TypeVar("T")


class Station:
    """Takes strips of one bundle's product from `opened` until `closed`, or until the engine fails."""

    def __init__(
        self,
        bundle: Bundle,
        metrics: Metrics,
        *,
        waiting: int,
        slot_s: float,
        idle_s: float,
        on_failure: Callable[[], None],
        clock: Clock = time.monotonic,
    ) -> None:
        """Not ready yet. `idle_s` is how long a streamed strip may be without a further frame.

        `on_failure` is called, in the lane's thread, when the engine has failed.
        """
        self._bundle = bundle
        self._metrics = metrics
        self._slot_s = slot_s
        self._idle_s = idle_s
        self._on_failure = on_failure
        self._clock = clock
        self._began = clock()
        self._admission = Admission(waiting, clock)
        self._inspector: Inspector | None = None
        self._provider = ""
        self._state = (Readiness.STARTING, "the engine warms up and the challenge set runs")
        metrics.bundle_loaded(bundle.bundle_id, bundle.recipe)
        metrics.waiting_is(lambda: self._admission.waiting)

    def opened(self, inspector: Inspector, provider: str) -> None:
        """Serve from now on."""
        self._inspector, self._provider = inspector, provider
        self._metrics.provider_in_use(provider)
        self._turn(Readiness.SERVING, "the challenge set has passed")

    def closed(self, timeout_s: float) -> bool:
        """Take no more strips and finish those admitted; False when that took longer than `timeout_s`."""
        if self._state[0] is not Readiness.FAILED:
            self._turn(Readiness.DRAINING, "the service was asked to stop")
        return self._admission.close(timeout_s)

    def status(self) -> Status:
        """Tell how it is; never waits for the lane."""
        return Status(
            bundle=self._bundle,
            provider=self._provider,
            readiness=self._state[0],
            reason=self._state[1],
            heartbeat=self._admission.beats,
            slot_s=self._slot_s,
            uptime_s=self._clock() - self._began,
        )

    def inspect(self, request: StripRequest, arrived: float, remaining_s: float | None) -> Inspection:
        """Inspect a strip whose request came at `arrived` (by the clock) with `remaining_s` to its deadline.

        Raises NotReady, SlotTooShort, Overloaded, and what Inspector.inspect raises.
        """
        inspector, deadline = self._serving(), self._deadline(arrived, remaining_s)
        inspection = self._in_time(inspector, request, deadline)
        self._report(inspection, self._clock() - arrived, "InspectStrip")
        return inspection

    def open_stream(self, arrived: float, remaining_s: float | None) -> StripStream:
        """Take a strip whose call came at `arrived` with `remaining_s` to its deadline, and whose frames will follow.

        The slot counts from the last frame. Raises NotReady, SlotTooShort and Overloaded; `answers_of` gives the place
        back.
        """
        inspector = self._serving()
        self._deadline(arrived, remaining_s)
        ends = math.inf if remaining_s is None else arrived + remaining_s
        terms = Terms(
            recipe=self._bundle.recipe,
            idle_s=self._idle_s,
            deadline=lambda last: min(last + self._slot_s, ends) - REPLY_S,
            run=self._run,
            late=self._late,
            overtaken=_log_late,
            clock=self._clock,
        )
        return StripStream(inspector, self._admission.enter(), terms)

    def answers_of(self, stream: StripStream) -> Iterator[RejectedEarly | Inspection]:
        """Yield what a stream's strip is answered with, and count it. Raises what StripStream.answers raises."""
        for answer in stream.answers():
            if isinstance(answer, Inspection):
                self._report(answer, self._clock() - stream.arrived, "InspectFrames")
            yield answer

    def _deadline(self, arrived: float, remaining_s: float | None) -> float:
        budget_s = self._slot_s if remaining_s is None else min(self._slot_s, remaining_s)
        deadline = arrived + budget_s - REPLY_S
        if deadline - self._clock() < FLOOR_S:
            raise SlotTooShort(
                f"{budget_s * 1000:.0f} ms are too short for an inspection; it was not begun",
                budget_ms=round(budget_s * 1000),
            )
        return deadline

    def _serving(self) -> Inspector:
        readiness, reason = self._state
        if self._inspector is None or readiness is not Readiness.SERVING:
            raise NotReady(f"not ready: {reason}", state=readiness.lower())
        return self._inspector

    def _in_time(self, inspector: Inspector, request: StripRequest, deadline: float) -> Inspection:
        try:
            work = partial(inspector.inspect, request, deadline)
            inspection = self._admission.run(partial(self._run, work), deadline)
        except StillRunning as overtaken:
            overtaken.future.add_done_callback(_log_late)
            return self._late(request)
        if self._clock() > deadline:
            return replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))
        return inspection

    def _run(self, work: Callable[[], T]) -> T:
        """Run work in the lane's thread: note a failure of the engine, and the steps of a strip that ends."""
        try:
            found = work()
        except EngineError as error:
            self._fail(error)
            raise
        if isinstance(found, Inspection):
            self._metrics.stages_took(found.stages)
        return found

    def _late(self, header: StripHeader) -> Inspection:
        return late(header, self._bundle.bundle_id, self._provider)

    def _report(self, inspection: Inspection, duration_s: float, call: Call) -> None:
        self._metrics.answered(inspection.judgement, duration_s, call)
        _log.info(
            "inspected",
            call=call,
            strip_id=inspection.strip_id,
            lot_id=inspection.lot_id,
            strip_seq=inspection.strip_seq,
            verdict=str(inspection.judgement.verdict),
            causes=[str(cause) for cause in inspection.judgement.causes],
            **{f"{stage}_ms": round(seconds * 1000, 2) for stage, seconds in inspection.stages.items()},
            answered_ms=round(duration_s * 1000, 2),
            bundle_id=inspection.bundle_id[:12],
        )

    def _turn(self, readiness: Readiness, reason: str) -> None:
        self._state = (readiness, reason)
        self._metrics.ready(readiness is Readiness.SERVING)

    def _fail(self, error: EngineError) -> None:
        self._turn(Readiness.FAILED, f"the engine failed: {error.reason}")
        _log.error("engine failed", reason=error.reason, message=error.message)
        self._on_failure()


def _log_late(future: "Future[Inspection]") -> None:
    error = future.exception()
    if error is None:
        _log.warning("a late inspection ended", strip_id=future.result().strip_id)
    else:
        _log.error("a late inspection failed", exc_info=error)
