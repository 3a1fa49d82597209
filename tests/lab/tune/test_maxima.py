"""From patch scores to one score a region and a unit."""

import numpy as np
import pytest

from stripsight_lab.tune import region_maxima
from stripsight_lab.tune.maxima import unit_numbers, worst_runs


def test_region_maxima_follow_frame_vial_region_order() -> None:
    """The last axis runs over regions fastest."""
    scores = np.array([[1.0, 20.0, 3.0, 10.0, 2.0, 30.0]])
    assert region_maxima(scores, 2).tolist() == [[3.0, 30.0]]


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_the_worst_there_is(score: float) -> None:
    """The service rejects such a patch whatever the threshold, minus infinity too."""
    assert region_maxima(np.array([[1.0, score, 3.0]]), 1).tolist() == [[np.inf]]


def test_patches_that_are_no_whole_number_of_regions_are_refused() -> None:
    """The error names what was expected and found."""
    with pytest.raises(ValueError, match=r"multiple of 4 regions, found \[2, 6\]"):
        region_maxima(np.zeros((2, 6)), 4)


def test_the_worst_run_of_each_unit() -> None:
    """Runs need not stand together; each region keeps its own worst run."""
    units = unit_numbers(["b", "a", "b"], 3)
    assert units.tolist() == [1, 0, 1]
    maxima = np.array([[1.0, 9.0], [5.0, 5.0], [2.0, 8.0]])
    assert worst_runs(maxima, units).tolist() == [[5.0, 5.0], [2.0, 9.0]]


def test_each_acquisition_needs_its_unit() -> None:
    """Names for fewer acquisitions than there are would shift all that follow."""
    with pytest.raises(ValueError, match="each of 3 acquisitions, found 2"):
        unit_numbers(["a", "b"], 3)
