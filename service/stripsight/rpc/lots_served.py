"""The lots of a server: read back from the record at its start, followed and challenged until it drains."""

import threading

import structlog

from stripsight.challenge_steps import ChallengeSteps
from stripsight.errors import StripsightError
from stripsight.journal.journal import Journal
from stripsight.journal.reader import Reader
from stripsight.journal.record import Event, StripRecord
from stripsight.lots.book import LotBook
from stripsight.lots.due import Interval
from stripsight.lots.facts import note_of
from stripsight.lots.keeper import LotKeeper
from stripsight.lots.replay import replay
from stripsight.lots.runs import ChallengeRuns, Line
from stripsight.metrics.lots import LotMetrics
from stripsight.settings import Settings
from stripsight.timing import Clock

_LOOK_S = 1.0  # how often it is asked whether a challenge is due

_log = structlog.get_logger()


class ServedLots:
    """Which lot is open is in `book`, from before the first call on; `keeper` opens and closes."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        """Read the lots back, and follow the record from now on. Raises RecordError."""
        self._journal = journal
        self._interval = Interval(settings.challenge_strips, settings.challenge_minutes * 60)
        self.book = LotBook(required=settings.require_lot)
        reader = Reader(journal.folder)
        try:
            replay(self.book, reader)
        finally:
            reader.close()
        journal.follow(self._followed)
        self._stopped = threading.Event()
        self._timer = threading.Thread(target=self._challenge_when_due, name="challenges", daemon=True)

    def serve(self, line: Line, metrics: LotMetrics, clock: Clock) -> None:
        """Have `line` be challenged."""
        self._runs = ChallengeRuns(self.book, self._journal, line, metrics, clock)
        self.keeper = LotKeeper(self.book, self._journal, self._runs, self._interval)

    def proved(self, steps: ChallengeSteps) -> None:
        """Take the run that came before the first strip."""
        self._runs.proved(steps)

    def begin(self) -> None:
        """Run challenges when they are due, from now on."""
        self._timer.start()

    def close(self) -> None:
        """Begin no further run."""
        self._stopped.set()

    def _followed(self, seq: int, utc_us: int, body: StripRecord | Event) -> None:
        note = note_of(seq, utc_us, body)
        if note is not None:
            self.book.take(note)

    def _challenge_when_due(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            try:
                self.keeper.challenge_if_due()
            except StripsightError as error:  # it is stopping, or has failed and says so by itself
                _log.warning("no challenge", reason=error.reason, message=error.message)
