"""What is told of those who view inspections."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class ViewingMetrics:
    """How many view, and what they miss."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._viewers = Gauge("stripsight_viewers", "How many view inspections now.", registry=registry)
        self._skipped = Counter(
            "stripsight_views_skipped",
            "Inspections that a viewer who did not keep up was not sent, each viewer counted.",
            registry=registry,
        )

    def viewers_are(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape how many view."""
        self._viewers.set_function(count)

    def skipped(self) -> None:
        """Count an inspection that one viewer missed."""
        self._skipped.inc()
