"""All lots: which is open, which strips are let in, what stands in the way of an accept. Follows the record.

Any thread may call. What the lane finds counts at once, before it is on record.
"""

import threading
from datetime import UTC, datetime

from stripsight.alarms import Alarm, AlarmCode
from stripsight.errors import LotExists, LotNotOpen, LotOpen, LotStopped
from stripsight.lots.ledger import Ledger
from stripsight.lots.lot import ChallengeRun, Lot, LotState
from stripsight.lots.notes import Challenged, Closed, Note, Opened


class LotBook:
    """The lots of one record. At most one is open or stopped: `ledger`."""

    def __init__(self, *, required: bool) -> None:
        """Begin without lots. `required`: only strips of an open lot are inspected."""
        self.required = required
        self._lock = threading.RLock()
        self._known: set[str] = set()
        self._begun = Ledger("")  # the lot that is open, or whose first challenge has run
        self._closed: Lot | None = None
        self._closing = ""
        self._missed_at: datetime | None = None

    def take(self, note: Note) -> None:
        """Follow the record by a note."""
        with self._lock:
            if isinstance(note, Challenged | Opened) and note.lot_id != self._begun.lot_id:
                self._begun = Ledger(note.lot_id)
            self._begun.take(note)
            if isinstance(note, Opened):
                self._known.add(note.lot_id)
            elif isinstance(note, Closed):
                self._closed, self._begun, self._closing = self._begun.lot, Ledger(""), ""
            elif isinstance(note, Challenged):
                self._missed_at = None if note.run.passed else self._missed_at or note.run.ended_at

    @property
    def lot(self) -> Lot | None:
        """The lot that is open or stopped."""
        with self._lock:
            return self._begun.lot

    def told(self, lot_id: str) -> Lot | None:
        """Return the lot if it is open, stopped, or the one that was closed last."""
        with self._lock:
            return next((lot for lot in (self._begun.lot, self._closed) if lot and lot.lot_id == lot_id), None)

    @property
    def last_run(self) -> ChallengeRun:
        """The last challenge in the lot that is open, stopped or about to be opened. There must be one."""
        with self._lock:
            return self._begun.last_run

    @property
    def strips_since_run(self) -> int:
        """How many strips of the open lot were judged since its last challenge."""
        return self._begun.strips_since_run

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What stands in the way of accepts."""
        with self._lock:
            since, run, lot_id = self._missed_at, self._begun.missed, self._begun.lot_id
        if since is not None:
            message = "a challenge strip was not judged as it must be: no strip is inspected until one run passes"
            return (Alarm(AlarmCode.CHALLENGE_MISSED, message, since, urgent=True),)
        if run is not None:
            message = f"lot {lot_id} is stopped, since a challenge strip was not judged as it must be: close it"
            return (Alarm(AlarmCode.CHALLENGE_MISSED, message, run.ended_at, urgent=True),)
        return ()

    def check_new(self, lot_id: str) -> None:
        """Raise LotOpen while another lot is open or stopped, LotExists for one that was opened before."""
        with self._lock:
            lot = self._begun.lot
            if lot_id in self._known:
                raise LotExists(f"lot {lot_id} was opened before: a lot is opened once", lot_id=lot_id)
            if lot is not None:
                raise LotOpen(f"lot {lot.lot_id} is {lot.state.lower()}: close it first", lot_id=lot.lot_id)

    def opened(self, lot_id: str) -> Lot:
        """Return the lot if it is the one that is open or stopped. Raises LotNotOpen."""
        lot = self.lot
        if lot is None or lot.lot_id != lot_id:
            raise LotNotOpen(f"lot {lot_id[:64]!a} is not open; open is {_name(lot)}", found=lot_id[:64])
        return lot

    def closing(self, lot_id: str) -> None:
        """Let no further strip of the lot in; "" takes it back."""
        with self._lock:
            self._closing = lot_id

    def missed(self) -> None:
        """A challenge strip was not judged as it must be: from now on nothing is accepted."""
        with self._lock:
            self._missed_at = self._missed_at or datetime.now(UTC)

    def passed_at_start(self) -> None:
        """All challenge strips were judged as they must be before the first strip of this service."""
        with self._lock:
            self._missed_at = None

    def admit(self, lot_id: str) -> None:
        """Let a strip in. Raises LotStopped, and LotNotOpen for a closed lot or, where lots are required, any other."""
        self.check_not_stopped(lot_id)
        with self._lock:
            lot = self._begun.lot
            if lot is not None and lot.lot_id == lot_id and self._closing != lot_id:
                return
            if self.required or lot_id in self._known:
                raise LotNotOpen(f"lot {lot_id} is not open; open is {_name(lot)}", lot_id=lot_id)

    def check_not_stopped(self, lot_id: str) -> None:
        """Raise LotStopped once a challenge was missed: asked again when a strip was judged, before it is answered."""
        with self._lock:
            lot = self._begun.lot
            if self._missed_at is not None or (lot and lot.lot_id == lot_id and lot.state is LotState.STOPPED):
                raise LotStopped(
                    f"a challenge strip was missed: strips of lot {lot_id} are refused until a challenge has passed",
                    lot_id=lot_id,
                )


def _name(lot: Lot | None) -> str:
    return "none" if lot is None else lot.lot_id
