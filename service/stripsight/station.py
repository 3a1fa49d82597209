"""Where strips arrive: is the service ready, is there time, is the lane free; then inspect, count and log.

The slot contract is kept here. An answer is out before the slot or the call's deadline ends; what is not
ready by then is a reject, LATE; and what cannot be ready any more is refused before it is computed.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from stripsight.admission import Admission, StillRunning
from stripsight.bundle import Bundle
from stripsight.errors import EngineError, NotReady, RecordError, SlotTooShort, StripsightError
from stripsight.inspector import Inspector
from stripsight.journal.answers import Source
from stripsight.journal.journal import Journal
from stripsight.metrics import Metrics
from stripsight.recorder import Recorder
from stripsight.strip import Inspection, StripKey, StripRequest
from stripsight.timing import Clock
from stripsight.verdict import Cause, rejected

# Kept for writing the reply and sending it. Measured: 5 ms for a reply with 60 heatmaps on 2 cores.
REPLY_S = 0.010
# Kept for the commit of its record, whose 99th percentile is to stay below this.
RECORD_S = 0.010
# With less than this left nothing can be decoded, let alone inspected.
FLOOR_S = 0.010

_log = structlog.get_logger()


class Readiness(StrEnum):
    """Whether strips are inspected; only a serving station does."""

    STARTING = "STARTING"
    SERVING = "SERVING"
    DRAINING = "DRAINING"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Status:
    """What runs and how it is. `provider` is empty until the engine has started."""

    bundle: Bundle
    provider: str
    readiness: Readiness
    reason: str
    heartbeat: int
    slot_s: float
    uptime_s: float


class Station:
    """Takes strips of one bundle's product from `opened` until `closed`, or until the engine fails."""

    def __init__(
        self,
        bundle: Bundle,
        metrics: Metrics,
        *,
        journal: Journal,
        waiting: int,
        slot_s: float,
        on_failure: Callable[[StripsightError], None],
        clock: Clock = time.monotonic,
    ) -> None:
        """Not ready yet. `on_failure` is called, in the lane's or the record's thread, with what `fail` got."""
        self._bundle = bundle
        self._metrics = metrics
        self._recorder = Recorder(journal, metrics, lambda: Source(bundle, self._provider), clock)
        self._slot_s = slot_s
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

    def inspect(
        self, key: StripKey, read: Callable[[], StripRequest], arrived: float, remaining_s: float | None
    ) -> Inspection:
        """Inspect a strip whose request came at `arrived` (by the clock) with `remaining_s` to its deadline.

        `read` returns the request, or raises what is wrong with it. The answer, of whatever kind, is on record once
        it leaves; a strip that has one already gets it again. Raises NotReady, SlotTooShort, Overloaded, IdReused,
        and what `read` and Inspector.inspect raise.
        """
        budget_s = self._slot_s if remaining_s is None else min(self._slot_s, remaining_s)
        last = arrived + budget_s - REPLY_S
        with self._recorder.alone(key, last):
            known = self._recorder.known(key, lambda: read().frames)
            if known is not None:
                return known
            with self._recorder.refusals(key, arrived):
                inspection = self._inspected(read, last - RECORD_S, budget_s)
            return self._report(self._recorder.keep(key, inspection, arrived, last), self._clock() - arrived)

    def fail(self, error: StripsightError) -> None:
        """Serve no more: the engine or the record has failed."""
        what = "record" if isinstance(error, RecordError) else "engine"
        self._turn(Readiness.FAILED, f"the {what} failed: {error.reason}")
        _log.error(f"{what} failed", reason=error.reason, message=error.message)
        self._on_failure(error)

    def _inspected(self, read: Callable[[], StripRequest], deadline: float, budget_s: float) -> Inspection:
        inspector, request = self._serving(), read()
        if deadline - self._clock() < FLOOR_S:
            raise SlotTooShort(
                f"{budget_s * 1000:.0f} ms are too short for an inspection; it was not begun",
                budget_ms=round(budget_s * 1000),
            )
        return self._in_time(inspector, request, deadline)

    def _serving(self) -> Inspector:
        readiness, reason = self._state
        if self._inspector is None or readiness is not Readiness.SERVING:
            raise NotReady(f"not ready: {reason}", state=readiness.lower())
        return self._inspector

    def _in_time(self, inspector: Inspector, request: StripRequest, deadline: float) -> Inspection:
        def work() -> Inspection:
            try:
                inspection = inspector.inspect(request, deadline)
            except EngineError as error:
                self.fail(error)
                raise
            self._metrics.stages_took(inspection.stages)
            return inspection

        try:
            inspection = self._admission.run(work, deadline)
        except StillRunning as late:
            late.future.add_done_callback(_log_late)
            return self._late(request)
        if self._clock() > deadline:
            return replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))
        return inspection

    def _late(self, request: StripRequest) -> Inspection:
        return Inspection(
            strip_id=request.strip_id,
            lot_id=request.lot_id,
            strip_seq=request.strip_seq,
            judgement=rejected(Cause.LATE),
            findings=(),
            heatmaps=(),
            heatmaps_left_out=0,
            stages={},
            total_s=0.0,
            bundle_id=self._bundle.bundle_id,
            provider=self._provider,
            frame_digests=(),
        )

    def _report(self, inspection: Inspection, duration_s: float) -> Inspection:
        self._metrics.answered(inspection.judgement, duration_s)
        _log.info(
            "inspected",
            strip_id=inspection.strip_id,
            lot_id=inspection.lot_id,
            strip_seq=inspection.strip_seq,
            verdict=str(inspection.judgement.verdict),
            causes=[str(cause) for cause in inspection.judgement.causes],
            **{f"{stage}_ms": round(seconds * 1000, 2) for stage, seconds in inspection.stages.items()},
            answered_ms=round(duration_s * 1000, 2),
            bundle_id=inspection.bundle_id[:12],
            record_seq=inspection.record_seq,
            record_hash=inspection.record_hash.hex(),
        )
        return inspection

    def _turn(self, readiness: Readiness, reason: str) -> None:
        self._state = (readiness, reason)
        self._metrics.ready(readiness is Readiness.SERVING)


def _log_late(future: "Future[Inspection]") -> None:
    error = future.exception()
    if error is None:
        _log.warning("a late inspection ended", strip_id=future.result().strip_id)
    else:
        _log.error("a late inspection failed", exc_info=error)
