"""Metrics, read the way Prometheus reads them: through the registry."""

import math
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from stripsight.metrics import REFUSALS, STAGES, Metrics
from stripsight.recipe import Recipe, load_recipe
from stripsight.verdict import Cause, Judgement, RegionResult, Verdict, VialResult, rejected

RECIPE = """
schema_version = 1
[product]
name = "two-by-two"
[frame]
width_px = 100
height_px = 100
indices = [0]
pixel_formats = ["MONO8"]
[patch]
size_px = 16
[[vials]]
name = "V1"
left_px = 0
top_px = 0
[[vials]]
name = "V2"
left_px = 50
top_px = 0
[[regions]]
name = "R0"
box = { left_px = 0, top_px = 0, right_px = 16, bottom_px = 16 }
[[regions]]
name = "R1"
box = { left_px = 0, top_px = 16, right_px = 16, bottom_px = 32 }
[slot]
duration_ms = 500
"""
LIMIT = 0.03
GOOD = RegionResult(vial="V1", region="R0", score=0.01, threshold=LIMIT, frame=0)


@pytest.fixture
def registry() -> CollectorRegistry:
    """A fresh one for each test."""
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    """Metrics of a loaded bundle."""
    metrics = Metrics(registry)
    metrics.bundle_loaded("b" * 64, recipe())
    return metrics


def recipe() -> Recipe:
    """Two vials, two regions, one frame."""
    return load_recipe(RECIPE)


def accepted(*regions: RegionResult) -> Judgement:
    """An accept with these regions, all of one vial."""
    return Judgement(Verdict.ACCEPT, (), (VialResult("V1", regions),))


def test_every_series_exists_from_the_start_at_zero(metrics: Metrics, registry: CollectorRegistry) -> None:
    """A counter that appears only with its first event hides that event from rate()."""
    for stage in STAGES:
        assert registry.get_sample_value("stripsight_stage_duration_seconds_count", {"stage": stage}) == 0
    for verdict in Verdict:
        assert registry.get_sample_value("stripsight_inspections_total", {"verdict": verdict}) == 0
    for cause in Cause:
        assert registry.get_sample_value("stripsight_causes_total", {"cause": cause}) == 0
    for reason in REFUSALS:
        assert registry.get_sample_value("stripsight_refused_total", {"reason": reason}) == 0
    for region in ("R0", "R1"):
        assert registry.get_sample_value("stripsight_patch_score_count", {"region": region}) == 0
        for vial in ("V1", "V2"):
            labels = {"region": region, "vial": vial}
            assert registry.get_sample_value("stripsight_rejects_total", labels) == 0
    assert registry.get_sample_value("stripsight_late_total") == 0
    assert registry.get_sample_value("stripsight_ready") == 0


def test_a_bucket_ends_exactly_at_the_slot(metrics: Metrics, registry: CollectorRegistry) -> None:
    """The share of strips answered in 500 ms can be read off: 0.5 is in, anything above is out."""
    for duration in (0.5, math.nextafter(0.5, 1), 0.1):
        metrics.inspections.answered(accepted(GOOD), duration, "InspectStrip")
    within = registry.get_sample_value(
        "stripsight_inspection_duration_seconds_bucket", {"call": "InspectStrip", "le": "0.5"}
    )
    assert within == 2


def test_an_answer_counts_its_verdict_and_scores(metrics: Metrics, registry: CollectorRegistry) -> None:
    """An accept counts no cause and no reject."""
    metrics.inspections.answered(accepted(GOOD, replace(GOOD, region="R1", score=0.02)), 0.1, "InspectStrip")
    assert registry.get_sample_value("stripsight_inspections_total", {"verdict": "ACCEPT"}) == 1
    assert registry.get_sample_value("stripsight_inspections_total", {"verdict": "REJECT"}) == 0
    assert registry.get_sample_value("stripsight_patch_score_sum", {"region": "R1"}) == 0.02
    assert registry.get_sample_value("stripsight_rejects_total", {"region": "R0", "vial": "V1"}) == 0


def test_a_rejected_region_counts_by_region_and_vial(metrics: Metrics, registry: CollectorRegistry) -> None:
    """Only the region that is not accepted counts."""
    bad = replace(GOOD, region="R1", score=LIMIT)
    metrics.inspections.answered(accepted(GOOD, bad).and_rejected(Cause.ANOMALY), 0.1, "InspectStrip")
    assert registry.get_sample_value("stripsight_rejects_total", {"region": "R1", "vial": "V1"}) == 1
    assert registry.get_sample_value("stripsight_rejects_total", {"region": "R0", "vial": "V1"}) == 0
    assert registry.get_sample_value("stripsight_causes_total", {"cause": "ANOMALY"}) == 1


def test_a_score_that_is_no_number_leaves_the_histogram_usable(metrics: Metrics, registry: CollectorRegistry) -> None:
    """It counts as a reject, and the sum of scores stays a number."""
    metrics.inspections.answered(
        accepted(replace(GOOD, score=math.nan)).and_rejected(Cause.NON_FINITE_SCORE), 0.1, "InspectStrip"
    )
    assert registry.get_sample_value("stripsight_patch_score_sum", {"region": "R0"}) == 0
    assert registry.get_sample_value("stripsight_rejects_total", {"region": "R0", "vial": "V1"}) == 1


def test_a_late_strip_counts_as_late(metrics: Metrics, registry: CollectorRegistry) -> None:
    """LATE is a cause and has a counter of its own."""
    metrics.inspections.answered(rejected(Cause.LATE), 0.49, "InspectStrip")
    assert registry.get_sample_value("stripsight_late_total") == 1
    assert registry.get_sample_value("stripsight_causes_total", {"cause": "LATE"}) == 1


def test_an_unknown_reason_counts_as_internal(metrics: Metrics, registry: CollectorRegistry) -> None:
    """The labels stay a closed set whatever is passed in."""
    metrics.inspections.refused("OVERLOADED")
    metrics.inspections.refused("made up\n")
    assert registry.get_sample_value("stripsight_refused_total", {"reason": "OVERLOADED"}) == 1
    assert registry.get_sample_value("stripsight_refused_total", {"reason": "INTERNAL"}) == 1
    assert registry.get_sample_value("stripsight_refused_total", {"reason": "made up\n"}) is None


def test_the_rest_is_told_as_it_is(metrics: Metrics, registry: CollectorRegistry) -> None:
    """Bundle, provider, readiness, waiting strips and stage times."""
    metrics.service.provider_in_use("cpu")
    metrics.service.ready(True)
    metrics.inspections.waiting_is(lambda: 3)
    metrics.inspections.stages_took({"infer": 0.25})
    labels = {"bundle_id": "b" * 64, "product": "two-by-two"}
    assert registry.get_sample_value("stripsight_bundle_info", labels) == 1
    assert registry.get_sample_value("stripsight_provider_info", {"provider": "cpu"}) == 1
    assert registry.get_sample_value("stripsight_ready") == 1
    assert registry.get_sample_value("stripsight_waiting") == 3
    assert registry.get_sample_value("stripsight_stage_duration_seconds_sum", {"stage": "infer"}) == 0.25
