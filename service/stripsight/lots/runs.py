"""Runs of the challenge strips: a frame at a time in the lane, then on record."""

import math
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from stripsight.alarms import Alarm, AlarmCode, Alarms
from stripsight.challenge_steps import ChallengeSteps
from stripsight.errors import NotReady
from stripsight.journal.journal import Journal
from stripsight.journal.record import EventKind
from stripsight.live import LiveBundle
from stripsight.lots.book import LotBook
from stripsight.lots.facts import challenge_facts
from stripsight.lots.lot import ChallengeRun, LotState, Occasion
from stripsight.metrics.lots import LotMetrics
from stripsight.station.lane import Lane
from stripsight.timing import Clock

DELAYED_S = 60.0
"""How long a run may be under way before it is an alarm; on a line with moments between strips it takes seconds."""

_log = structlog.get_logger()


class Line(Protocol):
    """What inspects the strips of the machine: a Station."""

    @property
    def live(self) -> LiveBundle:
        """The bundle that strips come to now."""
        ...

    @property
    def alarms(self) -> Alarms:
        """Where alarms are raised."""
        ...

    @property
    def lane(self) -> Lane:
        """The lane, for work beside the strips."""
        ...

    def challenge(self) -> ChallengeSteps:
        """Return a run of the challenge strips on what inspects now. Raises NotReady."""
        ...

    def settled(self, lot_id: str, timeout_s: float) -> bool:
        """Wait until no strip of a lot is under way; False when one still is."""
        ...


class ChallengeRuns:
    """Runs challenge strips in lots. One caller at a time."""

    def __init__(self, book: LotBook, journal: Journal, line: Line, metrics: LotMetrics, clock: Clock) -> None:
        """`book` follows `journal`; `clock` tells how long ago runs were."""
        self._book = book
        self._journal = journal
        self.line = line
        self._metrics = metrics
        self._clock = clock
        self._ran, self._bundle_id = clock(), line.live.bundle.bundle_id
        self._passed = math.nan
        self._begun: tuple[float, datetime] | None = None  # the run under way, by the clock and in UTC
        line.alarms.add(lambda: self.alarms)
        metrics.are(lambda: book.lot, lambda: clock() - self._passed)

    @property
    def age_s(self) -> float:
        """Seconds since the last run ended, or since there was none."""
        return self._clock() - self._ran

    @property
    def of_another_bundle(self) -> bool:
        """Whether the bundle was changed since the last run."""
        return self._bundle_id != self.line.live.bundle.bundle_id

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """A run that has been under way for long: strips leave it no moment."""
        begun = self._begun
        if begun is None or self._clock() - begun[0] < DELAYED_S:
            return ()
        message = "challenge strips have waited for a minute or more: the line leaves no moment without a strip"
        return (Alarm(AlarmCode.CHALLENGE_DELAYED, message, begun[1], urgent=False),)

    def proved(self, steps: ChallengeSteps) -> None:
        """Take a run that a start of the service made before the first strip: it counts for the lot that is open."""
        lot = self._book.lot
        if lot is not None and lot.state is LotState.OPEN:
            self._recorded(lot.lot_id, Occasion.RESTART, "", steps, self._journal.link.seq)
        if not steps.missed:
            self._book.passed_at_start()
            self._passed = self._clock()

    def run(self, lot_id: str, occasion: Occasion, who: str = "") -> ChallengeRun:
        """Run the challenge strips for a lot and put it on record. Raises NotReady, EngineError, RecordError."""
        began, steps = self._journal.link.seq, self.line.challenge()
        self._begun = self._clock(), datetime.now(UTC)
        try:
            while self.line.lane.beside(partial(self._step, steps)):
                pass
        except NotReady:
            if steps.missed:  # what is known must not be lost
                self._recorded(lot_id, occasion, who, steps, began)
            raise
        finally:
            self._begun = None
        return self._recorded(lot_id, occasion, who, steps, began)

    def _step(self, steps: ChallengeSteps) -> bool:
        """Go on by a frame, in the lane: what comes into it next already knows of a miss."""
        more = steps.step()
        if steps.missed:
            self._book.missed()
        return more

    def _recorded(self, lot_id: str, occasion: Occasion, who: str, steps: ChallengeSteps, began: int) -> ChallengeRun:
        facts = challenge_facts(lot_id, occasion, steps.strips, steps.missed, began)
        self._journal.event(EventKind.CHALLENGE, **facts, who=who, bundle_id=steps.bundle_id, provider=steps.provider)
        self._metrics.challenged(occasion, passed=not steps.missed)
        self._ran, self._bundle_id = self._clock(), steps.bundle_id
        if steps.missed:
            _log.error("challenge missed", lot_id=lot_id, occasion=str(occasion), missed=steps.missed)
        else:
            self._passed = self._ran
            _log.info("challenge passed", lot_id=lot_id, occasion=str(occasion), strips=steps.strips)
        return self._book.last_run
