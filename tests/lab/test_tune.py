"""Thresholds from a tuning kit."""

import numpy as np
import pytest

from stripsight_lab.tune import region_maxima, tune

REGIONS = 2


def kit(good: int, defective: int) -> tuple[np.ndarray, np.ndarray]:
    """Strips of 3 frames x 1 vial x 2 regions; region 1 scores ten times region 0; defects add to region 0."""
    rng = np.random.default_rng(5)
    scores = rng.normal([0.01, 0.1] * 3, [0.001, 0.01] * 3, (good + defective, 6))
    truth = np.arange(good + defective) >= good
    scores[truth, 2] += 0.02
    return scores, truth


def test_region_maxima_follow_frame_vial_region_order() -> None:
    """The last axis runs over regions fastest."""
    scores = np.array([[1.0, 20.0, 3.0, 10.0, 2.0, 30.0]])
    assert region_maxima(scores, 2).tolist() == [[3.0, 30.0]]


@pytest.mark.parametrize(("target", "fewest", "most"), [(0.0, 0, 0), (0.05, 4, 5), (0.1, 8, 10), (0.3, 25, 30)])
def test_the_target_share_of_good_strips_is_nearly_used_and_never_passed(target: float, fewest: int, most: int) -> None:
    """100 good strips, two regions: each rank adds up to two rejects, so the count ends within two of the target."""
    tuning = tune(*kit(100, 40), REGIONS, target)
    assert tuning.good == 100
    assert fewest <= tuning.good_rejected <= most


def test_thresholds_by_hand() -> None:
    """Twenty good strips, a fifth of which may go: rank 2 in each region, between its 2nd and 3rd largest scores."""
    scores = np.column_stack([np.arange(1.0, 21), 10 * np.arange(20.0, 0, -1)])
    tuning = tune(scores, np.zeros(20, dtype=bool), REGIONS, 0.2)
    assert tuning.thresholds == (18.5, 185.0)
    assert tuning.good_rejected == 4


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
    assert tuning.defective_rejected == 40


@pytest.mark.parametrize("target", [-0.1, 1.0])
def test_a_target_outside_0_to_1_is_refused(target: float) -> None:
    """The error names the range and what came."""
    with pytest.raises(ValueError, match=f"0 <= target < 1, found {target}"):
        tune(*kit(100, 4), REGIONS, target)


def test_too_few_good_strips_are_refused() -> None:
    """Nineteen good strips cannot carry a threshold."""
    with pytest.raises(ValueError, match="at least 20, found 19"):
        tune(*kit(19, 4), REGIONS, 0.05)
