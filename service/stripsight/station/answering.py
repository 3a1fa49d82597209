"""From a strip that has come to its answer in time: is it let in, is there time, is the lane free; then inspect it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

import structlog

from stripsight.inspector import Inspector
from stripsight.live import LiveBundle
from stripsight.lots.book import LotBook
from stripsight.station.admission import Admitted, StillRunning
from stripsight.station.arrivals import Arrivals, Opening
from stripsight.station.lane import Lane
from stripsight.station.recorder import Asked
from stripsight.station.state import State
from stripsight.station.stream import StripStream, Terms
from stripsight.strip import Answers, Inspection, StripHeader, StripRequest, late
from stripsight.timing import Clock
from stripsight.verdict import Cause

_log = structlog.get_logger()


class Answering:
    """Answers strips by the bundle that they came to. Calls may come from any thread."""

    def __init__(self, state: State, lots: LotBook, lane: Lane, clock: Clock) -> None:
        """`state` and `lots` say which strips are let in; `clock` is the one that deadlines are given in."""
        self._state = state
        self._lots = lots
        self._lane = lane
        self._clock = clock

    def at_once(self, read: Callable[[], StripRequest], asked: Asked) -> Answers:
        """Answer a strip whose frames came together. Raises what Station.inspect does."""
        yield from ()  # no frame comes before the others
        inspector = self._let_in(asked)
        asked.slot.check(self._clock())
        with self._lane.admission.place() as place:  # before it is read: that may mean to receive 6 MB first
            request = read()
            asked.slot.check(self._clock())
            inspection = self._in_time(inspector, request, asked, place)
        self._lots.check_not_stopped(asked.key.lot_id)
        return inspection

    def streamed(self, opening: Opening, arrivals: Arrivals, asked: Asked) -> Answers:
        """Answer a strip whose frames come one by one. Raises what Station.inspect_frames does."""
        inspector, header = self._let_in(asked), opening.read()
        asked.slot.check(arrivals.arrived)  # not now: the slot begins anew with each frame
        terms = Terms(
            recipe=asked.live.bundle.recipe,
            deadline=lambda: asked.slot.deadline,
            run=self._lane.run,
            late=partial(_late, asked.live),
            overtaken=_log_late,
            clock=self._clock,
        )
        inspection = yield from StripStream(inspector, self._lane.admission.enter(), arrivals, terms).answers(header)
        self._lots.check_not_stopped(asked.key.lot_id)  # a challenge may have been missed while it was inspected
        return inspection

    def _let_in(self, asked: Asked) -> Inspector:
        inspector = self._state.inspecting(asked.live.inspector)
        self._lots.admit(asked.key.lot_id)
        return inspector

    def _in_time(self, inspector: Inspector, request: StripRequest, asked: Asked, place: Admitted) -> Inspection:
        deadline = asked.slot.deadline
        try:
            work = partial(inspector.inspect, request, deadline)
            inspection = place.run(partial(self._lane.run, work), deadline)
        except StillRunning as overtaken:
            overtaken.future.add_done_callback(_log_late)
            return _late(asked.live, request)
        if self._clock() > deadline:
            return replace(inspection, judgement=inspection.judgement.and_rejected(Cause.LATE))
        return inspection


def _late(live: LiveBundle, header: StripHeader) -> Inspection:
    return late(header, live.bundle.bundle_id, live.provider)


def _log_late(future: "Future[Inspection]") -> None:
    error = future.exception()
    if error is None:
        _log.warning("a late inspection ended", strip_id=future.result().strip_id)
    else:
        _log.error("a late inspection failed", exc_info=error)
