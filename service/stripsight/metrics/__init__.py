"""What the plant's monitoring sees. Labels come from closed sets: never an id, never text of a request."""

from prometheus_client import CollectorRegistry

from stripsight.live import LiveBundle
from stripsight.metrics.access import AccessMetrics
from stripsight.metrics.alarms import AlarmMetrics
from stripsight.metrics.changes import ChangeMetrics
from stripsight.metrics.drift import DriftMetrics
from stripsight.metrics.inspections import InspectionMetrics
from stripsight.metrics.labels import INTERNAL, REFUSALS, STAGES, Call
from stripsight.metrics.lots import LotMetrics
from stripsight.metrics.pictures import PictureMetrics
from stripsight.metrics.record import RecordMetrics
from stripsight.metrics.service import ServiceMetrics
from stripsight.metrics.viewing import ViewingMetrics
from stripsight.recipe import Recipe

__all__ = ["INTERNAL", "REFUSALS", "STAGES", "Call", "Metrics"]


class Metrics:
    """The service's metrics by subject, registered with `registry`; every series exists from the start, at zero."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register all metrics. Raises ValueError when `registry` has them already."""
        self.inspections = InspectionMetrics(registry)
        self.service = ServiceMetrics(registry)
        self.record = RecordMetrics(registry)
        self.alarms = AlarmMetrics(registry)
        self.drift = DriftMetrics(registry)
        self.viewing = ViewingMetrics(registry)
        self.changes = ChangeMetrics(registry)
        self.pictures = PictureMetrics(registry)
        self.lots = LotMetrics(registry)
        self.access = AccessMetrics(registry)

    def bundle_loaded(self, bundle_id: str, recipe: Recipe) -> None:
        """Name the bundle, and start the series of its vials and regions at zero; it does not judge yet."""
        self.service.bundle_loaded(bundle_id, recipe.product.name)
        self.inspections.judges(recipe)
        self.drift.watched_by(None, recipe)

    def serves(self, live: LiveBundle) -> None:
        """Tell of the bundle that judges from now on, of what computes, and of its own drift watch."""
        self.bundle_loaded(live.bundle.bundle_id, live.bundle.recipe)
        self.service.provider_in_use(live.provider)
        self.drift.watched_by(live.drift, live.bundle.recipe)
