"""What is told of the service: what it serves, on what, and whether."""

from prometheus_client import CollectorRegistry, Gauge


class ServiceMetrics:
    """Readiness, bundle and provider."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._ready = Gauge("stripsight_ready", "1 while strips are inspected, else 0.", registry=registry)
        self._development = Gauge(
            "stripsight_development_mode", "1 while unsigned bundles are taken, else 0.", registry=registry
        )
        self._bundle = Gauge(
            "stripsight_bundle_info", "The bundle served.", ["bundle_id", "product"], registry=registry
        )
        self._serves: tuple[str, str] | None = None
        self._provider = Gauge("stripsight_provider_info", "What computes.", ["provider"], registry=registry)

    def development_mode(self, on: bool) -> None:
        """Say whether bundles are served that no trusted key has signed."""
        self._development.set(int(on))

    def bundle_loaded(self, bundle_id: str, product: str) -> None:
        """Name the bundle, in the place of the one before."""
        before, self._serves = self._serves, (bundle_id, product)
        self._bundle.labels(*self._serves).set(1)
        if before is not None and before != self._serves:
            self._bundle.remove(*before)

    def provider_in_use(self, provider: str) -> None:
        """Name what computes: "cpu" or "cuda"."""
        self._provider.labels(provider).set(1)

    def ready(self, serving: bool) -> None:
        """Say whether strips are inspected."""
        self._ready.set(int(serving))
