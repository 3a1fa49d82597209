"""The record of a server: the journal, its copy elsewhere, and what the metrics tell of them."""

from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version

from stripsight.bundle import Bundle
from stripsight.changes.facts import serving_facts
from stripsight.errors import RecordError
from stripsight.exits import Exit
from stripsight.journal.journal import Journal, Policy
from stripsight.journal.outbox import Outbox
from stripsight.journal.patrol import Patrol
from stripsight.journal.record import EventKind
from stripsight.metrics import Metrics
from stripsight.settings import Settings
from stripsight.start import ChallengeResult

# For the records that the copy lacks at the end; the next service copies what is left.
_LAST_COPIES_S = 1.0


class ServedRecord:
    """Open from before the first call until after the last."""

    def __init__(self, settings: Settings, metrics: Metrics, on_failure: Callable[[RecordError], None]) -> None:
        """Open the journal and begin to copy it. Raises RecordError; `on_failure` gets one that comes later."""
        policy = Policy(settings.record_checkpoint_rows, settings.clock_step_ms / 1000)
        self.journal = Journal(settings.record_dir, policy, on_failure)
        metrics.record.recorded_is(lambda: self.journal.link.seq)
        self.patrol = Patrol(self.journal, settings.record_patrol_rows)
        metrics.record.patrol_is(self.patrol)
        self._outbox: Outbox | None = None
        if settings.record_to is not None:
            self._outbox = self._copied(settings.record_to.get_secret_value(), metrics)

    def started(self, bundle: Bundle, *, development: bool) -> None:
        """Put on record that the service starts, and whether it takes bundles that nobody has signed."""
        self.journal.event(
            EventKind.START,
            version=version("stripsight"),
            bundle_id=bundle.bundle_id,
            development_mode=int(development),
        )

    def loaded(self, bundle: Bundle, provider: str, passed: ChallengeResult) -> int:
        """Put on record what serves from now on; return the record's number. Raises RecordError."""
        return self.journal.event(EventKind.BUNDLE, **serving_facts(bundle, provider, passed)).seq

    def draining(self) -> None:
        """Put on record that no more strips are taken."""
        with suppress(RecordError):  # `on_failure` has it
            self.journal.event(EventKind.DRAIN)

    def close(self, how: Exit) -> bool:
        """Put the end on record and finish the copy; False when the journal could not be closed in order."""
        self.patrol.close()
        closed = self.journal.close(how.name)
        if self._outbox is not None:
            self._outbox.close(_LAST_COPIES_S)
        return closed

    def _copied(self, url: str, metrics: Metrics) -> Outbox:
        journal = self.journal
        try:
            outbox = Outbox(
                journal.folder, journal.journal_id, url=url, last=journal.link, on_failure=metrics.record.copy_failed
            )
        except RecordError:
            self.patrol.close()
            journal.close(Exit.ERROR.name)
            raise
        journal.listen(outbox.wake)
        metrics.record.copy_lag_is(lambda: outbox.lag)
        return outbox
