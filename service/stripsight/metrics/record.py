"""What is told of the record and its copy."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from stripsight.journal.patrol import Patrol


class RecordMetrics:
    """How far the record and its copy are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._record = Gauge("stripsight_record_seq", "Number of the last record on disk.", registry=registry)
        self._broken = Gauge(
            "stripsight_record_broken", "1 when the record was found changed on its disk, else 0.", registry=registry
        )
        self._rounds = Gauge(
            "stripsight_record_patrol_rounds", "Times that the whole record was found good.", registry=registry
        )
        self._copy_lag = Gauge(
            "stripsight_record_copy_lag", "Records on disk that are not yet in the copy.", registry=registry
        )
        self._copy_failures = Counter(
            "stripsight_record_copy_failures", "Attempts to copy records that failed.", registry=registry
        )

    def recorded_is(self, seq: Callable[[], int]) -> None:
        """Ask `seq` at each scrape for the last record's number."""
        self._record.set_function(seq)

    def patrol_is(self, patrol: Patrol) -> None:
        """Ask `patrol` at each scrape how it goes."""
        self._broken.set_function(lambda: len(patrol.alarms()))
        self._rounds.set_function(lambda: patrol.rounds)

    def copy_lag_is(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape how many records the copy lacks; 0 where none is kept."""
        self._copy_lag.set_function(count)

    def copy_failed(self) -> None:
        """Count an attempt to copy records that failed."""
        self._copy_failures.inc()
