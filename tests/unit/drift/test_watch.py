"""Watching strips drift from what the bundle was tuned on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from stripsight.alarms import AlarmCode
from stripsight.drift.baseline import Baseline, baseline_of
from stripsight.drift.watch import DriftWatch
from stripsight.recipe import Recipe
from stripsight.verdict import Cause, Judgement, Thresholds, judge, rejected

Scores = NDArray[np.float64]
Made = Callable[[int], Scores]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT = 1.9


def good(seed: int) -> Scores:
    """A good strip's scores, [3, 5, 4]: as rare above the limit as a tuning leaves them."""
    return np.random.default_rng([7, seed]).gamma(4.0, 0.14, (3, 5, 4))


@pytest.fixture(scope="module")
def baseline(strip_recipe: Recipe) -> Baseline:
    """The baseline of 400 good strips."""
    worst = np.stack([good(seed).max(axis=0) for seed in range(10_000, 10_400)])
    contents = baseline_of(worst, int((worst >= LIMIT).any(axis=(1, 2)).sum()), strip_recipe)
    return Baseline.model_validate({"schema_version": 1, **contents})


@pytest.fixture
def judged(strip_recipe: Recipe) -> Callable[[Scores], Judgement]:
    """Judge scores [3, 5, 4] by one limit."""
    limits = Thresholds({region.name: LIMIT for region in strip_recipe.regions})
    return lambda scores: judge(scores.reshape(-1).astype(np.float32), limits, strip_recipe)


@pytest.fixture
def watch(baseline: Baseline, strip_recipe: Recipe) -> DriftWatch:
    """A watch whose clock moves on by half a second with every look."""
    ticks = iter(range(10**9))
    return DriftWatch(baseline, strip_recipe, lambda: BEGIN + timedelta(seconds=0.5 * next(ticks)))


def run(watch: DriftWatch, judged: Callable[[Scores], Judgement], made: Made, strips: range) -> set[AlarmCode]:
    """Feed strips and return every alarm that stood after any of them."""
    stood = set()
    for seed in strips:
        watch.add(judged(made(seed)))
        stood |= {alarm.code for alarm in watch.alarms}
    return stood


def test_strips_like_those_of_the_tuning_raise_nothing(
    watch: DriftWatch, judged: Callable[[Scores], Judgement], baseline: Baseline
) -> None:
    """Six thousand good strips, three windows full: no alarm at any moment, though some are rejected."""
    assert 4 <= baseline.rejected <= 40
    assert run(watch, judged, good, range(6000)) == set()
    assert abs(watch.reject_deviation) < 5


def raised(vial: int, region: int, by: float) -> Made:
    """Good strips but for one place."""

    def made(seed: int) -> Scores:
        scores = good(seed)
        scores[:, vial, region] *= by
        return scores

    return made


@pytest.mark.parametrize(
    ("made", "code", "says"),
    [
        (lambda seed: good(seed) + (seed % 3 == 0) * 2, AlarmCode.DRIFT_REJECTS_HIGH, "strips rejected"),
        (lambda seed: np.minimum(good(seed), 1.89), AlarmCode.DRIFT_REJECTS_LOW, "0.0% of the last"),
        (raised(3, 1, 1.25), AlarmCode.DRIFT_SCORES_HIGH, "vial V4, region R1"),
        (raised(1, 2, 0.8), AlarmCode.DRIFT_SCORES_LOW, "vial V2, region R2"),
    ],
    ids=["rejects high", "rejects low", "scores high", "scores low"],
)
def test_a_change_raises_its_alarm_which_ends_with_it(
    watch: DriftWatch, judged: Callable[[Scores], Judgement], made: Made, code: AlarmCode, says: str
) -> None:
    """Rejects and scores, both ways: the alarm stands while strips are so, keeps its time, and ends afterwards."""
    run(watch, judged, made, range(2500))
    alarm = next(alarm for alarm in watch.alarms if alarm.code is code)
    assert alarm.urgent is code.endswith("_LOW")  # a low one doubts accepts
    assert says in alarm.message
    run(watch, judged, made, range(2500, 2600))
    assert next(standing.since for standing in watch.alarms if standing.code is code) == alarm.since
    run(watch, judged, good, range(3000, 5500))
    assert code not in {standing.code for standing in watch.alarms}


def test_one_place_that_drifts_does_not_accuse_the_others(
    watch: DriftWatch, judged: Callable[[Scores], Judgement]
) -> None:
    """Scores that rise in one vial and region: every other place stays near the baseline."""
    run(watch, judged, raised(3, 1, 1.25), range(2000))
    found = np.array([[watch.score_deviation(vial, region) for region in range(4)] for vial in range(5)])
    assert found[3, 1] > 5
    found[3, 1] = 0
    assert np.abs(found).max() < 4.5


def test_few_strips_say_nothing(watch: DriftWatch, judged: Callable[[Scores], Judgement]) -> None:
    """Ninety-nine strips raise no alarm, however bad; the next one does."""
    assert run(watch, judged, lambda seed: good(seed) + 2, range(99)) == set()
    assert AlarmCode.DRIFT_REJECTS_HIGH in run(watch, judged, lambda seed: good(seed) + 2, range(99, 100))


def test_a_strip_without_scores_is_left_out(watch: DriftWatch) -> None:
    """A strip that was late or unfit to judge says nothing about scores."""
    watch.add(rejected(Cause.LATE))
    assert watch.strips == 0


def test_scores_that_are_no_numbers_count_as_high(watch: DriftWatch, judged: Callable[[Scores], Judgement]) -> None:
    """NaN lies above every level; an inspection that breaks down does not look calm."""
    run(watch, judged, lambda seed: np.full((3, 5, 4), np.nan), range(150))
    assert {alarm.code for alarm in watch.alarms} == {AlarmCode.DRIFT_REJECTS_HIGH, AlarmCode.DRIFT_SCORES_HIGH}
