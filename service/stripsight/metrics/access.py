"""What is told of callers and certificates."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from stripsight.certificates.load import Which
from stripsight.metrics.labels import ACCESS_REFUSALS

_CALLER = "caller"


class AccessMetrics:
    """Who was refused, and how long certificates last."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._refused = Counter(
            "stripsight_access_refused",
            "Callers that were refused; NO_CALL is a connection that no call followed.",
            ["reason"],
            registry=registry,
        )
        for reason in ACCESS_REFUSALS:
            self._refused.labels(reason)
        self._not_after = Gauge(
            "stripsight_certificate_not_after_seconds",
            "End of the service's certificate, the first of the clients' CA, and the first caller's; NaN without one.",
            ["which"],
            registry=registry,
        )
        for which in (*get_args(Which), _CALLER):
            self._not_after.labels(which).set(math.nan)

    def refused(self, reason: str, count: int = 1) -> None:
        """Count callers that were refused."""
        self._refused.labels(reason).inc(count)

    def certificates_are(
        self, not_after: Callable[[], Mapping[Which, datetime]], callers: Callable[[], Mapping[str, datetime]]
    ) -> None:
        """Ask at each scrape when the certificates in use end, and those of callers, by name."""
        self._not_after.labels(_CALLER).set_function(lambda: _first(callers().values()))
        for which in get_args(Which):
            self._not_after.labels(which).set_function(partial(_end, which, not_after))


def _end(which: Which, not_after: Callable[[], Mapping[Which, datetime]]) -> float:
    return not_after()[which].timestamp()


def _first(ends: Iterable[datetime]) -> float:
    return min((end.timestamp() for end in ends), default=math.nan)
