"""Thresholds from a tuning kit."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter

from stripsight_lab.tune import Balance, FalseReject, GoodOnly, MissRate, Tuning, tune

REGIONS = 2
RISING = np.arange(1.0, 21)[:, None]
FOUR_DEFECTIVE = np.array([[10.5], [15.2], [30.0], [40.0]])


def kit(good: int, defective: int) -> tuple[np.ndarray, np.ndarray]:
    """Strips of 3 frames x 1 vial x 2 regions; region 1 scores ten times region 0; defects add to region 0."""
    rng = np.random.default_rng(5)
    scores = rng.normal([0.01, 0.1] * 3, [0.001, 0.01] * 3, (good + defective, 6))
    truth = np.arange(good + defective) >= good
    scores[truth, 2] += 0.02
    return scores, truth


def small() -> tuple[np.ndarray, np.ndarray]:
    """Strips of one patch: twenty good ones that score 1 to 20, and four defective ones."""
    return np.vstack([RISING, FOUR_DEFECTIVE]), np.arange(24) >= 20


@pytest.mark.parametrize(("target", "fewest", "most"), [(0.0, 0, 0), (0.05, 4, 5), (0.1, 8, 10), (0.3, 25, 30)])
def test_the_target_share_of_good_strips_is_nearly_used_and_never_passed(target: float, fewest: int, most: int) -> None:
    """100 good strips, two regions: each rank adds up to two rejects, so the count ends within two of the target."""
    tuning = tune(*kit(100, 40), REGIONS, FalseReject(target=target))
    assert tuning.false_reject.total == 100
    assert fewest <= tuning.false_reject.hits <= most


def test_thresholds_by_hand() -> None:
    """Twenty good strips, a fifth of which may go: rank 2 in each region, between its 2nd and 3rd largest scores.

    Each threshold is above the 3rd of 20 units, and the strip's largest score over threshold above the 5th.
    """
    scores = np.column_stack([np.arange(1.0, 21), 10 * np.arange(20.0, 0, -1)])
    tuning = tune(scores, np.zeros(20, dtype=bool), REGIONS, 0.2)
    assert tuning.thresholds == (18.5, 185.0)
    assert (tuning.rank, tuning.false_reject.hits) == (2, 4)
    assert [region.false_reject.hits for region in tuning.regions] == [2, 2]
    assert [region.bound.rank for region in tuning.regions] == [3, 3]
    assert tuning.bound.rank == 5
    assert tuning.detection.total == 0


def test_a_long_tail_in_one_region_does_not_lift_the_other() -> None:
    """One good strip with a hundredfold score in region 0 leaves the threshold of region 1 where it was."""
    scores, truth = kit(100, 40)
    before = tune(scores, truth, REGIONS, 0.1).thresholds[1]
    scores[0, 0] = 1.0
    assert tune(scores, truth, REGIONS, 0.1).thresholds[1] == pytest.approx(before, rel=0.02)


def test_thresholds_live_on_each_regions_own_scale() -> None:
    """A region with ten times the scores gets about ten times the threshold, and plain defects are found."""
    tuning = tune(*kit(200, 40), REGIONS, 0.02)
    assert 7 < tuning.thresholds[1] / tuning.thresholds[0] < 13
    assert tuning.detection.hits == 40
    assert tuning.regions[0].detection.hits == 40
    assert tuning.regions[1].detection.hits < 10


@pytest.mark.parametrize(("target", "threshold", "rejected"), [(0.5, 20.4, 0), (0.25, 14.5, 6), (0.0, 10.5, 10)])
def test_miss_rate_by_hand(target: float, threshold: float, rejected: int) -> None:
    """Of 10.5, 15.2, 30 and 40 two may be missed (2 % above all good ones find two), one, none."""
    tuning = tune(*small(), 1, MissRate(target=target))
    assert tuning.thresholds == pytest.approx((threshold,))
    assert tuning.false_reject.hits == rejected
    assert tuning.detection.hits == 4 - round(4 * target)


def test_balance_by_hand() -> None:
    """2/4 - 0 above all equals 4/4 - 10/20 at 10.5: the one that finds more; without the middling two, above all."""
    assert tune(*small(), 1, Balance()).thresholds == (10.5,)
    scores, truth = small()
    plain = tune(np.delete(scores, [20, 21], axis=0), truth[:-2], 1, Balance())
    assert plain.thresholds == pytest.approx((20.4,))
    assert plain.target is None


def test_good_only_by_hand() -> None:
    """Of twenty units 2/21 = 0.095 keeps 10 %: just above the second largest, 19, which passes itself."""
    tuning = tune(*small(), 1, GoodOnly(target=0.1))
    assert 19 < tuning.thresholds[0] < 19 + 1e-9
    assert (tuning.false_reject.hits, tuning.bound.rank) == (1, 2)
    assert tuning.bound.exact
    assert tuning.bound.expected == pytest.approx(2 / 21)


def test_good_only_bounds_each_region_by_its_rank_and_the_strip_by_all() -> None:
    """Two regions at rank 1 of 100 units: 1/101 each, 2/101 for the strip."""
    tuning = tune(*kit(100, 40), REGIONS, GoodOnly(target=0.03))
    assert [region.bound.expected for region in tuning.regions] == pytest.approx([1 / 101, 1 / 101])
    assert tuning.bound.expected == pytest.approx(2 / 101)


def test_good_only_looks_at_no_defective_strip() -> None:
    """Thresholds are the same without them."""
    scores, truth = kit(100, 40)
    alone = tune(scores[:100], truth[:100], REGIONS, GoodOnly(target=0.1))
    assert tune(scores, truth, REGIONS, GoodOnly(target=0.1)).thresholds == alone.thresholds


def test_runs_of_a_unit_promise_no_more_than_its_worst() -> None:
    """Twenty units in three runs, the others lower: threshold and bound are those of the worst runs alone."""
    runs = np.repeat(RISING, 3, axis=0) * np.tile([0.5, 1.0, 0.7], 20)[:, None]
    units = [f"u{number}" for number in range(20) for _ in range(3)]
    many = tune(runs, np.zeros(60, dtype=bool), 1, GoodOnly(target=0.1), units)
    once = tune(RISING, np.zeros(20, dtype=bool), 1, GoodOnly(target=0.1))
    assert (many.thresholds, many.bound) == (once.thresholds, once.bound)
    assert (many.false_reject.hits, many.false_reject.total, many.good_units) == (1, 60, 20)


def test_a_rate_of_runs_counts_acquisitions_and_its_bound_counts_units() -> None:
    """One of 20 units scores 9 in two of three runs: 2 of 60 acquisitions, yet one unit, rank 2 of 20."""
    scores = np.ones((60, 1)) + np.arange(60)[:, None] / 1000
    scores[[0, 1], 0] = 9
    units = [f"u{number}" for number in range(20) for _ in range(3)]
    tuning = tune(scores, np.zeros(60, dtype=bool), 1, FalseReject(target=0.04), units)
    assert (tuning.false_reject.hits, tuning.false_reject.total) == (2, 60)
    assert (tuning.bound.rank, tuning.bound.units, tuning.bound.exact) == (2, 20, False)
    assert tuning.false_reject.high > 0.15


def test_a_defective_strip_without_a_number_for_a_score_is_rejected() -> None:
    """As the service does, and no more is needed to find it."""
    scores, truth = small()
    scores[20, 0] = np.nan
    assert tune(scores, truth, 1, 0.0).detection.hits == 3


def test_a_tuning_serialises_as_it_is() -> None:
    """JSON without NaN holds it, and gives it back whole."""
    tuning = tune(*small(), 1, 0.1)
    text = json.dumps(asdict(tuning), allow_nan=False)
    assert json.loads(text)["thresholds"] == [18.5]
    assert TypeAdapter(Tuning).validate_json(text) == tuning


@pytest.mark.parametrize(("target", "limit"), [(-0.1, "greater than or equal to 0"), (1.0, "less than 1")])
def test_a_target_outside_0_to_1_is_refused(target: float, limit: str) -> None:
    """The error names the range and what came."""
    with pytest.raises(ValueError, match=rf"{limit} .*input_value={target}"):
        tune(*kit(100, 4), REGIONS, target)


def test_too_few_good_strips_are_refused() -> None:
    """Nineteen good strips cannot carry a threshold, however often they are acquired."""
    with pytest.raises(ValueError, match="at least 20, found 19"):
        tune(*kit(19, 4), REGIONS, 0.05)
    scores, truth = kit(38, 0)
    with pytest.raises(ValueError, match="at least 20, found 19"):
        tune(scores, truth, REGIONS, 0.05, [f"u{number // 2}" for number in range(38)])


@pytest.mark.parametrize("how", [MissRate(target=0.1), Balance()])
def test_without_defective_strips_there_are_no_misses_to_weigh(how: MissRate | Balance) -> None:
    """The methods that look at both classes need both."""
    with pytest.raises(ValueError, match=f"at least 1 for {how.method}, found 0"):
        tune(*kit(100, 0), REGIONS, how)


def test_good_strips_without_a_number_for_a_score_are_refused() -> None:
    """No threshold can be made from them."""
    scores, truth = kit(100, 4)
    scores[[3, 5], [0, 1]] = np.nan
    with pytest.raises(ValueError, match="expected finite numbers, found 2 strips"):
        tune(scores, truth, REGIONS, 0.05)


def test_a_threshold_that_the_service_would_refuse_is_refused_here() -> None:
    """Scores of zero leave no room below them."""
    with pytest.raises(ValueError, match=r"expected all above 0, found \[0.0\]"):
        tune(np.zeros((20, 1)), np.zeros(20, dtype=bool), 1, 0.05)
