"""What the plant's monitoring sees. Labels come from closed sets: never an id, never text of a request."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stripsight.alarms import Alarm, AlarmCode
from stripsight.drift.watch import DriftWatch
from stripsight.errors import (
    EngineError,
    InvalidRequest,
    NotReady,
    Overloaded,
    RecordError,
    SlotTooShort,
    StreamIdle,
    StreamLeft,
    StripsightError,
)
from stripsight.recipe import Recipe
from stripsight.verdict import Cause, Judgement, Verdict

Call = Literal["InspectStrip", "InspectFrames"]
STAGES = ("decode", "check", "crop", "infer", "judge", "record", "render")

# 0.5 s is the promise, so a bucket ends exactly there; the others show how near to it we are.
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


def _reasons(*bases: type[StripsightError]) -> set[str]:
    return {base.reason for base in bases}.union(*(_reasons(*base.__subclasses__()) for base in bases))


INTERNAL = StripsightError.reason
# Every reason a call can end with.
_REFUSALS = (InvalidRequest, NotReady, Overloaded, SlotTooShort, StreamIdle, StreamLeft, EngineError, RecordError)
REFUSALS = frozenset(_reasons(*_REFUSALS) | {INTERNAL})


class Metrics:
    """The service's metrics, registered with `registry`; every series exists from the start, at zero."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register all metrics. Raises ValueError when `registry` has them already."""
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
        self._ready = Gauge("stripsight_ready", "1 while strips are inspected, else 0.", registry=registry)
        self._bundle = Gauge(
            "stripsight_bundle_info", "The bundle served.", ["bundle_id", "product"], registry=registry
        )
        self._provider = Gauge("stripsight_provider_info", "What computes.", ["provider"], registry=registry)
        self._record = Gauge("stripsight_record_seq", "Number of the last record on disk.", registry=registry)
        self._copy_lag = Gauge(
            "stripsight_record_copy_lag", "Records on disk that are not yet in the copy.", registry=registry
        )
        self._copy_failures = Counter(
            "stripsight_record_copy_failures", "Attempts to copy records that failed.", registry=registry
        )
        self._alarm = Gauge("stripsight_alarm", "1 while an alarm stands, else 0.", ["code"], registry=registry)
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

    def bundle_loaded(self, bundle_id: str, recipe: Recipe) -> None:
        """Name the bundle, and start the series of its vials and regions at zero."""
        self._bundle.labels(bundle_id, recipe.product.name).set(1)
        for region in recipe.regions:
            self._score.labels(region.name)
            for vial in recipe.vials:
                self._rejects.labels(region.name, vial.name)

    def provider_in_use(self, provider: str) -> None:
        """Name what computes: "cpu" or "cuda"."""
        self._provider.labels(provider).set(1)

    def ready(self, serving: bool) -> None:
        """Say whether strips are inspected."""
        self._ready.set(int(serving))

    def waiting_is(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape how many strips wait."""
        self._waiting.set_function(count)

    def recorded_is(self, seq: Callable[[], int]) -> None:
        """Ask `seq` at each scrape for the last record's number."""
        self._record.set_function(seq)

    def drift_is(self, watch: DriftWatch, recipe: Recipe) -> None:
        """Ask `watch` at each scrape how far strips are from the bundle's baseline."""
        self._drift_strips.set_function(lambda: watch.strips)
        self._drift_rejects.set_function(lambda: watch.reject_deviation)
        for v, vial in enumerate(recipe.vials):
            for r, region in enumerate(recipe.regions):
                self._drift_scores.labels(region.name, vial.name).set_function(partial(watch.score_deviation, v, r))

    def alarms_are(self, standing: Callable[[], Iterable[Alarm]]) -> None:
        """Ask `standing` at each scrape which alarms stand."""
        for code in AlarmCode:
            self._alarm.labels(code).set_function(partial(_stands, code, standing))

    def copy_lag_is(self, count: Callable[[], int]) -> None:
        """Ask `count` at each scrape how many records the copy lacks; 0 where none is kept."""
        self._copy_lag.set_function(count)

    def copy_failed(self) -> None:
        """Count an attempt to copy records that failed."""
        self._copy_failures.inc()

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


def _stands(code: AlarmCode, standing: Callable[[], Iterable[Alarm]]) -> bool:
    return any(alarm.code is code for alarm in standing())
