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

    def watched_by(self, watch: DriftWatch, recipe: Recipe) -> None:
        """Ask `watch` at each scrape how far strips are from the bundle's baseline."""
        self._drift_strips.set_function(lambda: watch.strips)
        self._drift_rejects.set_function(lambda: watch.reject_deviation)
        for v, vial in enumerate(recipe.vials):
            for r, region in enumerate(recipe.regions):
                self._drift_scores.labels(region.name, vial.name).set_function(partial(watch.score_deviation, v, r))
