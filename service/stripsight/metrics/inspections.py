"""What is told of inspections: verdicts, causes, scores and times."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stripsight.metrics.labels import INTERNAL, REFUSALS, STAGES, Call
from stripsight.recipe import Recipe
from stripsight.verdict import Cause, Judgement, Verdict

_DURATION_S = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.15,
    0.2,
    0.25,
    0.3,
    0.35,
    0.4,
    0.45,
    0.5,
    0.75,
    1.0,
    2.5,
)
# Thresholds of the paper lie between 0.013 and 0.047.
_SCORE = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.015,
    0.02,
    0.025,
    0.03,
    0.035,
    0.04,
    0.05,
    0.075,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
)


class InspectionMetrics:
    """Inspections, answered and refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`; what has labels from closed sets starts at zero."""
        self._stage = Histogram(
            "stripsight_stage_duration_seconds",
            "Time that a step of an inspection took.",
            ["stage"],
            buckets=_DURATION_S,
            registry=registry,
        )
        self._inspection = Histogram(
            "stripsight_inspection_duration_seconds",
            "Time from the arrival of a strip's last frame, which is that of its request, to its answer.",
            ["call"],
            buckets=_DURATION_S,
            registry=registry,
        )
        self._score = Histogram(
            "stripsight_patch_score",
            "Score of a region, the worst of its patches over the frames; higher is more anomalous.",
            ["region"],
            buckets=_SCORE,
            registry=registry,
        )
        self._inspections = Counter("stripsight_inspections", "Strips answered.", ["verdict"], registry=registry)
        self._causes = Counter("stripsight_causes", "Causes of rejected strips.", ["cause"], registry=registry)
        self._rejects = Counter("stripsight_rejects", "Rejected regions.", ["region", "vial"], registry=registry)
        self._late = Counter(
            "stripsight_late", "Strips whose result came too late; answered as rejects.", registry=registry
        )
        self._refused = Counter("stripsight_refused", "Calls that ended with an error.", ["reason"], registry=registry)
        self._waiting = Gauge("stripsight_waiting", "Strips that wait for the one inspected.", registry=registry)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for call in get_args(Call):
            self._inspection.labels(call)
        for stage in STAGES:
            self._stage.labels(stage)
        for verdict in Verdict:
            self._inspections.labels(verdict)
        for cause in Cause:
            self._causes.labels(cause)
        for reason in REFUSALS:
            self._refused.labels(reason)

    def judges(self, recipe: Recipe) -> None:
        """Start the series of a product's vials and regions at zero."""
        for region in recipe.regions:
            self._score.labels(region.name)
            for vial in recipe.vials:
                self._rejects.labels(region.name, vial.name)

    def waiting_is(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape how many strips wait."""
        self._waiting.set_function(count)

    def stages_took(self, seconds: Mapping[str, float]) -> None:
        """Count the steps of one inspection, also of one that came too late."""
        for stage, duration in seconds.items():
            self._stage.labels(stage).observe(duration)

    def answered(self, judgement: Judgement, duration_s: float, call: Call) -> None:
        """Count one answered strip, `duration_s` after its request or the last frame of its stream arrived."""
        self._inspection.labels(call).observe(duration_s)
        self._inspections.labels(judgement.verdict).inc()
        self._count_causes(judgement.causes)
        for region in (region for vial in judgement.vials for region in vial.regions):
            if math.isfinite(region.score):  # one NaN would turn the histogram's sum into NaN for good
                self._score.labels(region.region).observe(region.score)
            if not region.accepted:
                self._rejects.labels(region.region, region.vial).inc()

    def _count_causes(self, causes: Iterable[Cause]) -> None:
        for cause in causes:
            self._causes.labels(cause).inc()
            if cause is Cause.LATE:
                self._late.inc()

    def refused(self, reason: str) -> None:
        """Count a call that ended with an error; a reason outside the closed set counts as INTERNAL."""
        self._refused.labels(reason if reason in REFUSALS else INTERNAL).inc()
