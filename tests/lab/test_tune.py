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


@pytest.mark.parametrize(("target", "rejected"), [(0.0, 0), (0.05, 5), (0.1, 10)])
def test_exactly_the_target_share_of_good_strips_is_rejected(target: float, rejected: int) -> None:
    """100 good strips and a target of 5 % leave five rejected, never more."""
    tuning = tune(*kit(100, 40), REGIONS, target)
    assert (tuning.good, tuning.good_rejected) == (100, rejected)


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
