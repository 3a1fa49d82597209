"""What is told of lots and their challenges."""

import math
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from stripsight.lots.lot import Lot, LotState, Occasion

RESULTS = ("passed", "missed")


class LotMetrics:
    """Whether a lot is open, and how challenge strips were judged."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._challenges = Counter(
            "stripsight_challenges", "Runs of challenge strips.", ["occasion", "result"], registry=registry
        )
        self._age = Gauge(
            "stripsight_challenge_passed_age_seconds",
            "How long ago challenge strips passed last; NaN before the first time.",
            registry=registry,
        )
        self._open = Gauge("stripsight_lot_open", "1 while a lot is open, else 0.", registry=registry)
        self._stopped = Gauge(
            "stripsight_lot_stopped",
            "1 while a lot is stopped by a missed challenge, else 0.",
            registry=registry,
        )
        self._age.set(math.nan)
        for occasion in Occasion:
            for result in RESULTS:
                self._challenges.labels(occasion.lower(), result)

    def are(self, lot: Callable[[], Lot | None], passed_age_s: Callable[[], float]) -> None:
        """Ask at each scrape for the lot that is open or stopped, and for the time since a challenge was passed."""
        self._open.set_function(lambda: _is(lot(), LotState.OPEN))
        self._stopped.set_function(lambda: _is(lot(), LotState.STOPPED))
        self._age.set_function(passed_age_s)

    def challenged(self, occasion: Occasion, *, passed: bool) -> None:
        """Count a run."""
        self._challenges.labels(occasion.lower(), RESULTS[0] if passed else RESULTS[1]).inc()


def _is(lot: Lot | None, state: LotState) -> bool:
    return lot is not None and lot.state is state
