"""Where strips arrive: is the service ready, is there time, is the lane free; then inspect and have it recorded.

The slot contract is kept here. An answer is out before the slot, which counts from the last frame's arrival, or the
call's deadline ends; what is not ready by then is a reject, LATE; and what cannot be ready any more is refused before
it is computed.
"""

import math
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import replace
from functools import cache, partial
from typing import TypeVar

import structlog

from stripsight.admission import Admission, StillRunning
from stripsight.alarms import Alarms
from stripsight.arrivals import Arrivals, Opening
from stripsight.bundle import Bundle
from stripsight.challenge_steps import ChallengeSteps
from stripsight.errors import EngineError, NotReady, RecordError, StripsightError
from stripsight.frame import FrameData
from stripsight.inspector import Inspector
from stripsight.journal.journal import Journal
from stripsight.listeners import Listener, Listeners
from stripsight.live import LiveBundle
from stripsight.lots.book import LotBook
from stripsight.metrics import Metrics
from stripsight.recorder import Asked, Recorder
from stripsight.slot import Slot
from stripsight.status import Readiness, Status
from stripsight.stream import StripStream, Terms
from stripsight.strip import Answers, Inspection, RejectedEarly, StripHeader, StripKey, StripRequest, late, returned
from stripsight.timing import Clock
from stripsight.verdict import Cause

_log = structlog.get_logger()

T = TypeVar("T")

# Work of low priority beside a lane that is never free goes on after this, piece by piece.
_PAUSE_S = 0.1


class Station:
    """Takes strips of one bundle's product from `opened` until `closed`, or until the engine or the record fails."""

    def __init__(
        self,
        bundle: Bundle,
        metrics: Metrics,
        *,
        journal: Journal,
        waiting: int,
        slot_s: float,
        idle_s: float,
        on_failure: Callable[[StripsightError], None],
        lots: LotBook | None = None,
        clock: Clock = time.monotonic,
        development: bool = False,
    ) -> None:
        """Not ready yet. `idle_s` is how long a streamed strip may be without a further frame.

        `on_failure` is called, in the lane's or the record's thread, with what `fail` got. `development` says whether
        bundles that nobody has signed are taken. `lots` says which strips are let in; without it, all are.
        """
        self._live = LiveBundle(bundle)
        self._metrics = metrics
        self.alarms = Alarms()
        self.alarms.add(lambda: self._live.alarms)
        self.lots = LotBook(required=False) if lots is None else lots
        self.alarms.add(lambda: self.lots.alarms)
        self._listeners = Listeners()
        self._recorder = Recorder(journal, metrics, self._answered, clock)
        self._slot_s = slot_s
        self._idle_s = idle_s
        self._on_failure = on_failure
        self._clock = clock
        self._development = development
        self._began = clock()
        self._admission = Admission(waiting, clock)
        self._held = ""
        self._state = (Readiness.STARTING, "the engine warms up and the challenge set runs")
        metrics.bundle_loaded(bundle.bundle_id, bundle.recipe)
        metrics.alarms.are(lambda: self.alarms.standing)
        metrics.inspections.waiting_is(lambda: self._admission.waiting)

    @property
    def live(self) -> LiveBundle:
        """The bundle that strips come to now."""
        return self._live

    def opened(self, live: LiveBundle) -> None:
        """Serve from now on."""
        self.changed(live)
        self._turn(Readiness.SERVING, "the challenge set has passed")

    def changed(self, live: LiveBundle) -> None:
        """Let the strips that come from now on be judged by `live`; those that are here keep the bundle they have."""
        self._live = live
        self._metrics.serves(live)

    def closed(self, timeout_s: float) -> bool:
        """Take no more strips and finish those admitted; False when that took longer than `timeout_s`."""
        if self._state[0] is not Readiness.FAILED:
            self._turn(Readiness.DRAINING, "the service was asked to stop")
        return self._admission.close(timeout_s)

    def status(self) -> Status:
        """Tell how it is; never waits for the lane."""
        readiness, reason = self._readiness
        live = self._live
        return Status(
            bundle=live.bundle,
            provider=live.provider,
            readiness=readiness,
            reason=reason,
            heartbeat=self._admission.beats,
            slot_s=self._slot_s,
            uptime_s=self._clock() - self._began,
            alarms=self.alarms.standing,
            development_mode=self._development,
            lot=self.lots.lot,
        )

    def inspect(
        self, key: StripKey, read: Callable[[], StripRequest], arrived: float, remaining_s: float | None
    ) -> Inspection:
        """Inspect a strip whose request came at `arrived` (by the clock) with `remaining_s` to its deadline.

        `read` returns the request, or raises what is wrong with it. The answer, of whatever kind, is on record once
        it leaves; a strip that has one already gets it again. Raises NotReady, SlotTooShort, Overloaded, IdReused,
        RecordError, and what `read` and Inspector.inspect raise.
        """
        request = cache(read)

        def frames() -> tuple[FrameData, ...]:
            return request().frames

        asked = Asked("InspectStrip", key, frames, frames, self._slot(lambda: arrived, remaining_s), self._live)
        return returned(self._recorder.answers(asked, lambda: self._unstopped(asked, self._at_once(request, asked))))

    def arrivals(self) -> Arrivals:
        """Take note of a call about a strip whose frames will come one by one: its messages go in here."""
        return Arrivals(len(self._live.bundle.recipe.frame.indices), self._idle_s, self._clock)

    def inspect_frames(
        self, arrivals: Arrivals, remaining_s: float | None
    ) -> Generator[RejectedEarly | Inspection, None, None]:
        """Inspect a strip by its frames as they come into `arrivals`, whose call had `remaining_s` to its deadline.

        The slot counts from the last frame. The last answer is on record as that of `inspect`; so is an error, once
        the header has named the strip, and so is that nobody waits for answers any more (`close`). Raises what
        `inspect`, Arrivals.opening and StripStream.answers raise.
        """
        slot = self._slot(lambda: arrivals.arrived, remaining_s)
        opening = arrivals.opening()
        asked = Asked("InspectFrames", opening.key, arrivals.frames, arrivals.taken, slot, self._live)
        work = partial(self._streamed, opening, arrivals, asked)
        yield (yield from self._recorder.answers(asked, lambda: self._unstopped(asked, work())))

    def listen(self, listener: Listener) -> None:
        """Have `listener` hear of each inspection from now on, once it is on record."""
        self._listeners.add(listener)

    def challenge(self) -> ChallengeSteps:
        """Return a run of the challenge strips on what inspects now: its steps go `beside`. Raises NotReady."""
        live = self._live
        return ChallengeSteps(_there(live.engine, self._state), live.bundle)

    def settled(self, lot_id: str, timeout_s: float) -> bool:
        """Wait until no strip of a lot is under way; False when one still is."""
        return self._recorder.under_way.settled(lot_id, timeout_s)

    def beside(self, work: Callable[[], T], timeout_s: float | None = None) -> T:
        """Run a piece of work on the engine while no strip is there: see Admission.submit_idle.

        Raises NotReady, and TimeoutError when it has not ended after `timeout_s`.
        """
        future = self._admission.submit_idle(partial(self._run, work))
        try:
            return future.result(timeout_s)
        finally:
            future.cancel()

    def exercise(self) -> None:
        """Infer a blank frame while no strip is there. Raises NotReady, and EngineError when the engine fails."""
        live = self._live
        self.beside(_there(live.engine, self._state).exercise)

    def pause(self) -> None:
        """Wait until nothing runs in the lane, but not for long."""
        self._admission.pause(_PAUSE_S)

    def idle(self, work: Callable[[], T]) -> "Future[T]":
        """Have work of another bundle's engine run while no strip is there: see Admission.submit_idle."""
        return self._admission.submit_idle(work)

    def fail(self, error: StripsightError) -> None:
        """Serve no more: the engine or the record has failed."""
        what = "record" if isinstance(error, RecordError) else "engine"
        self._turn(Readiness.FAILED, f"the {what} failed: {error.reason}")
        _log.error(f"{what} failed", reason=error.reason, message=error.message)
        self._on_failure(error)

    def hold(self, reason: str) -> None:
        """Take no strips while there is a reason, which the status tells; go on once it is empty."""
        self._held = reason
        self._metrics.service.ready(self._readiness[0] is Readiness.SERVING)

    @property
    def _readiness(self) -> tuple[Readiness, str]:
        held = self._held
        return (Readiness.PAUSED, held) if held and self._state[0] is Readiness.SERVING else self._state

    def _slot(self, arrived: Callable[[], float], remaining_s: float | None) -> Slot:
        return Slot(self._slot_s, math.inf if remaining_s is None else arrived() + remaining_s, arrived)

    def _at_once(self, read: Callable[[], StripRequest], asked: Asked) -> Answers:
        yield from ()  # no frame comes before the others
        inspector, request = self._serving(asked), read()
        asked.slot.check(self._clock())
        return self._in_time(inspector, request, asked)

    def _streamed(self, opening: Opening, arrivals: Arrivals, asked: Asked) -> Answers:
        inspector, header = self._serving(asked), opening.read()
        asked.slot.check(arrivals.arrived)  # not now: the slot begins anew with each frame
        terms = Terms(
            recipe=asked.live.bundle.recipe,
            deadline=lambda: asked.slot.deadline,
            run=self._run,
            late=partial(_late, asked.live),
            overtaken=_log_late,
            clock=self._clock,
        )
        stream = StripStream(inspector, self._admission.enter(), arrivals, terms)
        return (yield from stream.answers(header))

    def _serving(self, asked: Asked) -> Inspector:
        inspector = _there(asked.live.inspector, self._readiness)
        self.lots.admit(asked.key.lot_id)
        return inspector

    def _unstopped(self, asked: Asked, answers: Answers) -> Answers:
        """Answer a strip unless a challenge was missed while it was inspected."""
        inspection = yield from answers
        self.lots.check_not_stopped(asked.key.lot_id)
        return inspection

    def _in_time(self, inspector: Inspector, request: StripRequest, asked: Asked) -> Inspection:
        deadline = asked.slot.deadline
        try:
            work = partial(inspector.inspect, request, deadline)
            inspection = self._admission.run(partial(self._run, work), deadline)
        except StillRunning as overtaken:
            overtaken.future.add_done_callback(_log_late)
            return _late(asked.live, request)
        if self._clock() > deadline:
            return replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))
        return inspection

    def _answered(self, asked: Asked, inspection: Inspection) -> None:
        if asked.live.drift is not None:
            asked.live.drift.add(inspection.judgement)
        self._listeners.tell(inspection, asked.taken)

    def _run(self, work: Callable[[], T]) -> T:
        """Run work in the lane's thread: note a failure of the engine, and the steps of a strip that ends."""
        try:
            found = work()
        except EngineError as error:
            self.fail(error)
            raise
        if isinstance(found, Inspection):
            self._metrics.inspections.stages_took(found.stages)
        return found

    def _turn(self, readiness: Readiness, reason: str) -> None:
        self._state = (readiness, reason)
        self._metrics.service.ready(self._readiness[0] is Readiness.SERVING)


def _there(part: T | None, state: tuple[Readiness, str]) -> T:
    readiness, reason = state
    if part is None or readiness is not Readiness.SERVING:
        raise NotReady(f"not ready: {reason}", state=readiness.lower())
    return part


def _late(live: LiveBundle, header: StripHeader) -> Inspection:
    return late(header, live.bundle.bundle_id, live.provider)


def _log_late(future: "Future[Inspection]") -> None:
    error = future.exception()
    if error is None:
        _log.warning("a late inspection ended", strip_id=future.result().strip_id)
    else:
        _log.error("a late inspection failed", exc_info=error)
