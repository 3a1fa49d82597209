"""Opens and closes lots, and runs their challenge strips between those of the machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from stripsight.errors import ChallengeMissed, LotNotOpen, LotUnknown, Overloaded
from stripsight.inspector import check_product
from stripsight.journal.journal import Journal
from stripsight.journal.reader import Reader
from stripsight.journal.record import EventKind
from stripsight.lots.book import LotBook
from stripsight.lots.due import Interval
from stripsight.lots.lot import ChallengeRun, Lot, LotState, Occasion
from stripsight.lots.replay import lot_of
from stripsight.lots.runs import ChallengeRuns
from stripsight.strip import check_id
from stripsight.who import by, check_who

SETTLED_S = 60.0

_log = structlog.get_logger()


class LotKeeper:
    """Calls may come from any thread; one that opens, closes or challenges is worked on at a time."""

    def __init__(
        self,
        book: LotBook,
        journal: Journal,
        runs: ChallengeRuns,
        interval: Interval,
        *,
        settled_s: float = SETTLED_S,
    ) -> None:
        """`book` follows `journal`, `runs` are on what inspects.

        `settled_s` is how long strips that are under way may keep their lot from being closed.
        """
        self._settled_s = settled_s
        self._book = book
        self._journal = journal
        self._runs = runs
        self._interval = interval
        self._busy = threading.Lock()

    def open(self, lot_id: str, product: str, who: str, caller: str = "") -> Lot:
        """Open a lot once the challenge strips have passed. `caller` is the name in a certificate, as in the rest.

        Raises IdInvalid, ProductMismatch, WhoRequired, LotOpen, LotExists, ChallengeMissed, Overloaded, NotReady, and
        EngineError or RecordError: then the service stops.
        """
        check_id("lot_id", lot_id)
        check_product(product, self._runs.line.live.bundle.recipe)
        check_who(who)
        with self._alone():
            self._book.check_new(lot_id)
            run = self._runs.run(lot_id, Occasion.START, who)
            if not run.passed:
                raise ChallengeMissed(f"lot {lot_id} was not opened: {run.missed[0]}", missed=len(run.missed))
            self._journal.event(EventKind.LOT_OPENED, lot_id=lot_id, product=product, **by(who, caller))
            _log.info("lot opened", lot_id=lot_id, product=product)
            return self._book.opened(lot_id)

    def close(self, lot_id: str, who: str, caller: str = "") -> Lot:
        """Close the open lot after a last challenge, or a stopped one without. Raises as `open`, and LotNotOpen."""
        check_who(who)
        with self._alone():
            lot = self._book.opened(lot_id)
            self._book.closing(lot_id)
            try:
                if lot.state is LotState.OPEN:
                    self._last_challenge(lot_id, who)
                self._journal.event(EventKind.LOT_CLOSED, lot_id=lot_id, **by(who, caller))
            finally:
                self._book.closing("")
        _log.info("lot closed", lot_id=lot_id)
        return self.told(lot_id)

    def challenge(self, caller: str = "") -> ChallengeRun:
        """Run the challenge strips in the open lot. Raises LotNotOpen, Overloaded, NotReady, and as `open`."""
        with self._alone():
            return self._runs.run(self._running_lot().lot_id, Occasion.CALL, caller)

    def told(self, lot_id: str) -> Lot:
        """Return a lot; with "" the one that is open or stopped. Raises LotUnknown, RecordError."""
        lot = self._book.told(lot_id) if lot_id else self._book.lot
        if lot is None and lot_id:
            lot = self._read(lot_id)
        if lot is None:
            raise LotUnknown(f"lot {lot_id[:64]!a} was not opened" if lot_id else "no lot is open")
        return lot

    def challenge_if_due(self) -> None:
        """Run the challenge strips in the open lot after so many strips or so much time, or a change of the bundle.

        Raises as `challenge`.
        """
        lot = self._book.lot
        if lot is None or lot.state is not LotState.OPEN or not self._busy.acquire(blocking=False):
            return
        try:
            due = self._interval.due(self._book.strips_since_run, self._runs.age_s)
            if due or self._runs.of_another_bundle:
                self._runs.run(lot.lot_id, Occasion.INTERVAL)
        finally:
            self._busy.release()

    def _last_challenge(self, lot_id: str, who: str) -> None:
        if not self._runs.line.settled(lot_id, self._settled_s):
            raise Overloaded(f"strips of lot {lot_id} are still under way; it stays open", lot_id=lot_id)
        self._runs.run(lot_id, Occasion.END, who)

    def _running_lot(self) -> Lot:
        lot = self._book.lot
        if lot is None or lot.state is not LotState.OPEN:
            raise LotNotOpen("no lot is open" if lot is None else f"lot {lot.lot_id} is stopped")
        return lot

    def _read(self, lot_id: str) -> Lot | None:
        reader = Reader(self._journal.folder)
        try:
            return lot_of(reader, lot_id)
        finally:
            reader.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise Overloaded("challenge strips run, or a lot is opened or closed: try again when that has ended")
        try:
            yield
        finally:
            self._busy.release()
