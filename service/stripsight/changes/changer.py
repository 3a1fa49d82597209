"""Changes the bundle that serves: load, verify, warm up, challenge, record, and only then let strips come to it."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from stripsight.alarms import Alarm
from stripsight.bundle import Bundle
from stripsight.bundle.shelf import Found, Shelf
from stripsight.bundle.terms import terms_of
from stripsight.changes.asked import ChangeAsked, check_bundle_id
from stripsight.changes.facts import serving_facts
from stripsight.changes.listing import not_configured, with_misfit
from stripsight.changes.prove import PATIENCE_S, challenged, started
from stripsight.engine import Engine
from stripsight.errors import BundleChanging, LotOpen, NoBundleBefore, NotReady, RecordError, StripsightError
from stripsight.journal.journal import Journal
from stripsight.journal.record import EventKind
from stripsight.live import LiveBundle, live
from stripsight.metrics.changes import ChangeMetrics
from stripsight.station.station import Station
from stripsight.status import Readiness
from stripsight.timing import Clock
from stripsight.who import by

_log = structlog.get_logger()


@dataclass(frozen=True)
class Changed:
    """The bundle that serves since a change, and the number of the change's record."""

    live: LiveBundle
    seq: int


class BundleChanger:
    """One change at a time; calls may come from any thread. The old bundle serves on until the new one does."""

    def __init__(
        self,
        station: Station,
        shelf: Shelf,
        journal: Journal,
        metrics: ChangeMetrics,
        *,
        start_engine: Callable[[Bundle], Engine],
        lot_open: Callable[[], str | None],
        clock: Clock,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`lot_open` names the lot that is open; `clock` is the station's."""
        self._station, self._shelf, self._journal, self._metrics = station, shelf, journal, metrics
        self._start_engine = start_engine
        self._lot_open = lot_open
        self._clock = clock
        self._patience_s = patience_s
        self._configured = station.live.bundle.bundle_id
        self._before: LiveBundle | None = None
        self._seq = 0
        self._busy = threading.Lock()
        # Always the same one: the memory of an engine that is given up is found again by the thread that asked for it.
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="bundle")

    def activate(self, bundle_id: str, asked: ChangeAsked) -> Changed:
        """Make a bundle the one that serves; one that serves already stays, and nothing is recorded.

        Raises IdInvalid, NotReady, BundleChanging, LotOpen, BundleUnknown, Overloaded, RecordError, and what loading,
        starting and challenging it raise.
        """
        check_bundle_id(bundle_id)
        with self._alone() as now:
            if bundle_id == now.bundle.bundle_id:
                return Changed(now, self._seq)
            with self._refusals(bundle_id, asked):
                self._check_lot(asked)
                bundle, engine = self._aside.submit(self._started, bundle_id, now).result()
                return self._taken_over(bundle, engine, asked, now)

    def roll_back(self, asked: ChangeAsked) -> Changed:
        """Make the bundle that served before the one that serves, as `activate` does. Raises NoBundleBefore too."""
        with self._alone() as now:
            before = self._before
            if before is None or before.engine is None:
                raise NoBundleBefore("expected a bundle that served before this one, found none since the start")
            with self._refusals(before.bundle.bundle_id, asked):
                self._check_lot(asked)
                return self._taken_over(before.bundle, before.engine, asked, now)

    def loaded(self, seq: int) -> None:
        """Take the number of the record of the bundle that was there at the start."""
        self._seq = seq

    def listed(self) -> tuple[LiveBundle, LiveBundle | None, list[Found]]:
        """Return the bundle that serves, the one to roll back to, and all that are found, sound or not."""
        now = self._station.live
        terms = terms_of(now.bundle)
        return now, self._before, [with_misfit(found, terms) for found in self._shelf.found()]

    @property
    def before(self) -> LiveBundle | None:
        """The bundle to roll back to, with its engine."""
        return self._before

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Whether another bundle serves than the one that the next start will serve."""
        return not_configured(self._station.live, self._configured)

    def _started(self, bundle_id: str, now: LiveBundle) -> tuple[Bundle, Engine]:
        bundle = self._shelf.load(bundle_id)
        terms_of(bundle).check(terms_of(now.bundle))
        return bundle, started(bundle, self._start_engine, now.provider)

    def _taken_over(self, bundle: Bundle, engine: Engine, asked: ChangeAsked, now: LiveBundle) -> Changed:
        passed = challenged(bundle, engine, self._station.lane.idle, self._patience_s)
        lot = self._check_lot(asked)  # again: one may have been opened meanwhile
        facts = serving_facts(bundle, engine.provider, passed) | _facts(asked, lot) | {"before": now.bundle.bundle_id}
        link = self._journal.event(EventKind.BUNDLE, **facts)
        new = live(bundle, engine, now.recent, activated_by=asked.who, clock=self._clock)
        self._before, self._seq = now, link.seq
        self._station.changed(new)
        self._metrics.changed()
        _log.info("bundle changed", bundle_id=bundle.bundle_id, before=now.bundle.bundle_id, record_seq=link.seq)
        return Changed(new, link.seq)

    def _check_lot(self, asked: ChangeAsked) -> str:
        """Return the lot that is open, or an empty text. Raises LotOpen unless it is told why all the same."""
        lot = self._lot_open() or ""
        if lot and not asked.despite_open_lot.strip():
            raise LotOpen(f"lot {lot} is open: expected why the bundle is changed all the same", lot_id=lot)
        return lot

    @contextmanager
    def _alone(self) -> Iterator[LiveBundle]:
        """Hold off other changes; give the bundle that serves now. Raises BundleChanging, NotReady."""
        if not self._busy.acquire(blocking=False):
            raise BundleChanging("another change of the bundle is under way")
        try:
            status = self._station.status()
            if status.readiness is not Readiness.SERVING:
                raise NotReady(f"not ready: {status.reason}", state=status.readiness.lower())
            yield self._station.live
        finally:
            self._busy.release()

    @contextmanager
    def _refusals(self, bundle_id: str, asked: ChangeAsked) -> Iterator[None]:
        """Put on record what a change was refused for, and raise it on."""
        try:
            yield
        except (NotReady, RecordError):  # the service stops
            raise
        except Exception as error:
            known = error if isinstance(error, StripsightError) else StripsightError("an unexpected fault")
            self._metrics.refused()
            facts = {"bundle_id": bundle_id, "reason": known.reason, "message": known.message}
            self._journal.event(EventKind.BUNDLE_REFUSED, **facts, **_facts(asked, self._lot_open() or ""))
            raise


def _facts(asked: ChangeAsked, lot: str) -> dict[str, str]:
    facts = by(asked.who, asked.caller) | {"why": asked.why}
    return facts | ({"lot_id": lot, "despite_open_lot": asked.despite_open_lot} if lot else {})
