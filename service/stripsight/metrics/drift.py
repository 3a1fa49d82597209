"""What is told of the drift watch."""

from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from stripsight.drift.watch import DriftWatch
from stripsight.recipe import Recipe


class DriftMetrics:
    """How far strips are from the bundle's baseline."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._drift_strips = Gauge(
            "stripsight_drift_strips", "Strips that are compared with the bundle's baseline.", registry=registry
        )
        self._drift_rejects = Gauge(
            "stripsight_drift_rejects_deviation",
            "Share of rejects against the baseline's, in standard deviations; above 0 is more.",
            registry=registry,
        )
        self._drift_scores = Gauge(
            "stripsight_drift_scores_deviation",
            "Scores against the baseline's, in standard deviations; above 0 is higher.",
            ["region", "vial"],
            registry=registry,
        )

    def watched_by(self, watch: DriftWatch | None, recipe: Recipe) -> None:
        """Ask `watch` at each scrape how far strips are from the bundle's baseline; 0 where there is none."""
        self._drift_scores.clear()  # another bundle may have other vials and regions
        self._drift_strips.set_function(lambda: watch.strips if watch else 0)
        self._drift_rejects.set_function(lambda: watch.reject_deviation if watch else 0.0)
        for v, vial in enumerate(recipe.vials):
            for r, region in enumerate(recipe.regions):
                place = self._drift_scores.labels(region.name, vial.name)
                if watch is not None:
                    place.set_function(partial(watch.score_deviation, v, r))
