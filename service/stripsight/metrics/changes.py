"""What is told of changes of the bundle."""

from prometheus_client import CollectorRegistry, Counter


class ChangeMetrics:
    """How often the bundle was changed, and how often that was refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._changes = Counter(
            "stripsight_bundle_changes", "Changes of the bundle that were asked for.", ["result"], registry=registry
        )
        for result in ("changed", "refused"):
            self._changes.labels(result)

    def changed(self) -> None:
        """Count a bundle that took over."""
        self._changes.labels("changed").inc()

    def refused(self) -> None:
        """Count a change after which the old bundle serves on."""
        self._changes.labels("refused").inc()
