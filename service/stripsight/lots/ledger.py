"""One lot, note after note: the same whether it is followed as it happens or read back from the record. Pure."""

from collections import Counter, deque

from stripsight.lots.lot import IDS_MAX, ChallengeRun, Lot, LotState, StripsInDoubt
from stripsight.lots.notes import Answered, Challenged, Closed, Note, Opened, Overruled

# An accept that left too late is overruled while its call ends: few strips come in between.
_OVERRULED_WITHIN = 1000


class Ledger:
    """What the record tells of one lot. Notes come in the record's order; those of other lots are passed over."""

    def __init__(self, lot_id: str) -> None:
        """Begin with nothing known."""
        self.lot_id = lot_id
        self.opened: Opened | None = None
        self.closed: Closed | None = None
        self.missed: ChallengeRun | None = None  # the run that stopped it
        self.strips_since_run = 0
        self._runs: list[ChallengeRun] = []
        self._counts: Counter[str] = Counter()
        # Accepted since the last passed run had begun: (number of the record, strip's id).
        self._unproved: list[tuple[int, str]] = []
        self._proved_seq = 0
        self._accepted_last: deque[int] = deque(maxlen=_OVERRULED_WITHIN)

    @property
    def last_run(self) -> ChallengeRun:
        """The last challenge. There must be one."""
        return self._runs[-1]

    @property
    def state(self) -> LotState:
        """How the lot is, once it was opened."""
        if self.closed is not None:
            return LotState.CLOSED
        return LotState.STOPPED if self.missed else LotState.OPEN

    @property
    def lot(self) -> Lot | None:
        """The lot; None before it was opened."""
        if self.opened is None:
            return None
        return Lot(
            lot_id=self.lot_id,
            product=self.opened.product,
            state=self.state,
            opened_by=self.opened.who,
            opened_at=self.opened.at,
            closed_by=self.closed.who if self.closed else "",
            closed_at=self.closed.at if self.closed else None,
            accepted=self._counts["ACCEPT"],
            rejected=self._counts["REJECT"],
            refused=self._counts["REFUSED"],
            challenges=tuple(self._runs),
            in_doubt=self._in_doubt(self.missed) if self.missed else None,
        )

    def take(self, note: Note) -> None:
        """Go on with a note."""
        if note.lot_id != self.lot_id:
            return
        match note:
            case Opened():
                self.opened = note
            case Closed():
                self.closed = note
            case Challenged(run=run):
                self._challenged(run)
            case Answered() if self.opened:
                self._answered(note)
            case Overruled(seq=seq) if self.opened:
                self._overruled(seq)
            case _:  # strips of a lot that was not opened yet
                pass

    def _challenged(self, run: ChallengeRun) -> None:
        self._runs.append(run)
        self.strips_since_run = 0
        if self.opened and not run.passed:
            self.missed = self.missed or run
        elif self.missed is None and run.passed:
            # What was answered while it ran is proved by the next one only.
            self._proved_seq = run.began_seq
            self._unproved = [(seq, strip_id) for seq, strip_id in self._unproved if seq > run.began_seq]

    def _answered(self, note: Answered) -> None:
        self._counts[note.outcome] += 1
        self.strips_since_run += note.outcome != "REFUSED"
        if note.outcome == "ACCEPT":
            self._unproved.append((note.seq, note.strip_id))
            self._accepted_last.append(note.seq)

    def _overruled(self, seq: int) -> None:
        """An accept that left as a reject is none, and not in doubt."""
        if seq not in self._accepted_last:
            return
        self._accepted_last.remove(seq)
        self._counts["ACCEPT"] -= 1
        self._counts["REJECT"] += 1
        self._unproved = [one for one in self._unproved if one[0] != seq]

    def _in_doubt(self, missed: ChallengeRun) -> StripsInDoubt:
        last_seq = max([missed.record_seq, *(seq for seq, _ in self._unproved[-1:])])
        return StripsInDoubt(
            first_record_seq=self._proved_seq + 1,
            last_record_seq=last_seq,
            accepted_strip_ids=tuple(strip_id for _, strip_id in self._unproved[:IDS_MAX]),
            accepted=len(self._unproved),
        )
