"""Where strips arrive: is the service ready, is there time, is the lane free; then inspect and have it recorded.

The slot contract is kept here. An answer is out before the slot, which counts from the last frame's arrival, or the
call's deadline ends; what is not ready by then is a reject, LATE; and what cannot be ready any more is refused before
it is computed.
"""

import math
import time
from collections.abc import Callable, Generator
from functools import cache

import structlog

from stripsight.alarms import Alarms
from stripsight.bundle import Bundle
from stripsight.challenge_steps import ChallengeSteps
from stripsight.errors import RecordError, StripsightError
from stripsight.frame import FrameData
from stripsight.journal.journal import Journal
from stripsight.live import LiveBundle
from stripsight.lots.book import LotBook
from stripsight.metrics import Metrics
from stripsight.station.admission import Admission
from stripsight.station.answering import Answering
from stripsight.station.arrivals import Arrivals
from stripsight.station.lane import Lane
from stripsight.station.listeners import Listener, Listeners
from stripsight.station.recorder import Asked, Recorder
from stripsight.station.slot import Slot
from stripsight.station.state import State
from stripsight.status import Readiness, Status
from stripsight.strip import Inspection, RejectedEarly, StripKey, StripRequest, returned
from stripsight.timing import Clock

_log = structlog.get_logger()


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
        """Not ready yet. `idle_s` is how long a strip may be without a further message.

        `on_failure` is called, in the lane's or the record's thread, with what `fail` got. `development` says whether
        bundles that nobody has signed are taken. `lots` says which strips are let in; without it, all are.
        """
        self._live = LiveBundle(bundle)
        self._metrics = metrics
        self.alarms = Alarms()
        self.alarms.add(lambda: self._live.alarms)
        self.alarms.add(lambda: self.lots.alarms)
        self._listeners = Listeners()
        self._recorder = Recorder(journal, metrics, self._answered, clock)
        self._slot_s = slot_s
        self.idle_s = idle_s
        self._on_failure = on_failure
        self._clock = clock
        self._development = development
        self._began = clock()
        self._state = State(metrics.service.ready)
        self._lane = Lane(Admission(waiting, clock), self.fail, metrics.inspections)
        self.lots = lots or LotBook(required=False)
        self._answering = Answering(self._state, self.lots, self._lane, clock)
        metrics.bundle_loaded(bundle.bundle_id, bundle.recipe)
        metrics.alarms.are(lambda: self.alarms.standing)
        metrics.inspections.waiting_is(lambda: self._lane.admission.waiting)

    @property
    def lane(self) -> Lane:
        """The lane, for work beside the strips."""
        return self._lane

    @property
    def live(self) -> LiveBundle:
        """The bundle that strips come to now."""
        return self._live

    def opened(self, live: LiveBundle) -> None:
        """Serve from now on."""
        self.changed(live)
        self._state.turn(Readiness.SERVING, "the challenge set has passed")

    def changed(self, live: LiveBundle) -> None:
        """Let the strips that come from now on be judged by `live`; those that are here keep the bundle they have."""
        self._live = live
        self._metrics.serves(live)

    def closed(self, timeout_s: float) -> bool:
        """Take no more strips and finish those admitted; False when that took longer than `timeout_s`."""
        self._state.turn(Readiness.DRAINING, "the service was asked to stop")
        return self._lane.admission.close(timeout_s)

    def status(self) -> Status:
        """Tell how it is; never waits for the lane."""
        readiness, reason = self._state.now
        live = self._live
        return Status(
            bundle=live.bundle,
            provider=live.provider,
            readiness=readiness,
            reason=reason,
            heartbeat=self._lane.admission.beats,
            slot_s=self._slot_s,
            uptime_s=self._clock() - self._began,
            alarms=self.alarms.standing,
            development_mode=self._development,
            lot=self.lots.lot,
        )

    def inspect(
        self, key: StripKey, read: Callable[[], StripRequest], arrived: Callable[[], float], remaining_s: float | None
    ) -> Inspection:
        """Inspect a strip whose call has `remaining_s` to its deadline.

        `read` returns the request, or raises what is wrong with it. It may wait for it to come: `arrived` tells when it
        did or, until then, when the call did. A strip without a place is refused unread. The answer, of whatever kind,
        is on record once it leaves; a strip that has one already gets it again. Raises NotReady, SlotTooShort,
        Overloaded, IdReused, RecordError, and what `read` and Inspector.inspect raise.
        """
        request = cache(read)

        def frames() -> tuple[FrameData, ...]:
            return request().frames

        asked = Asked("InspectStrip", key, frames, frames, self._slot(arrived, remaining_s), self._live)
        return returned(self._recorder.answers(asked, lambda: self._answering.at_once(request, asked)))

    def arrivals(self) -> Arrivals:
        """Take note of a call about a strip whose frames will come one by one: its messages go in here."""
        return Arrivals(len(self._live.bundle.recipe.frame.indices), self.idle_s, self._clock)

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
        yield (yield from self._recorder.answers(asked, lambda: self._answering.streamed(opening, arrivals, asked)))

    def listen(self, listener: Listener) -> None:
        """Have `listener` hear of each inspection from now on, once it is on record."""
        self._listeners.add(listener)

    def challenge(self) -> ChallengeSteps:
        """Return a run of the challenge strips on what inspects now: its steps go `beside`. Raises NotReady."""
        live = self._live
        return ChallengeSteps(self._state.serving(live.engine), live.bundle)

    def settled(self, lot_id: str, timeout_s: float) -> bool:
        """Wait until no strip of a lot is under way; False when one still is."""
        return self._recorder.under_way.settled(lot_id, timeout_s)

    def exercise(self) -> None:
        """Infer a blank frame while no strip is there. Raises NotReady, and EngineError when the engine fails."""
        live = self._live
        self._lane.beside(self._state.serving(live.engine).exercise)

    def fail(self, error: StripsightError) -> None:
        """Serve no more: the engine or the record has failed."""
        what = "record" if isinstance(error, RecordError) else "engine"
        self._state.turn(Readiness.FAILED, f"the {what} failed: {error.reason}")
        _log.error(f"{what} failed", reason=error.reason, message=error.message)
        self._on_failure(error)

    def hold(self, reason: str) -> None:
        """Take no strips while there is a reason, which the status tells; go on once it is empty."""
        self._state.hold(reason)

    def _slot(self, arrived: Callable[[], float], remaining_s: float | None) -> Slot:
        return Slot(self._slot_s, math.inf if remaining_s is None else arrived() + remaining_s, arrived)

    def _answered(self, asked: Asked, inspection: Inspection) -> None:
        if asked.live.drift is not None:
            asked.live.drift.add(inspection.judgement)
        self._listeners.tell(inspection, asked.taken)
