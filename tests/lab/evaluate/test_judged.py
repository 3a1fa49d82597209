"""A kit as its thresholds judge it."""

import numpy as np
import pytest

from stripsight_lab.evaluate.judged import judged


def test_a_score_at_its_threshold_is_rejected() -> None:
    """Each patch by its region's threshold, each strip by its worst patch, the margin 1 at the threshold."""
    scores = np.array([[0.1, 0.1], [0.1, 0.45], [0.2, 0.1], [0.1, 0.4]])
    kit = judged(scores, ["", "", "spot", "spot"], np.array([0, 0, 0.9, 0.1]), (0.2, 0.45))
    assert kit.rejected_patches.tolist() == [[False, False], [False, True], [True, False], [False, False]]
    assert kit.rejected.tolist() == [False, True, True, False]
    assert kit.margins == pytest.approx([0.5, 1.0, 1.0, 0.4 / 0.45])


def test_a_score_that_is_not_finite_is_rejected() -> None:
    """NaN compares false with everything, and must not pass for that."""
    kit = judged(np.array([[np.nan], [-np.inf], [0.1]]), ["", "", ""], np.zeros(3), (0.2,))
    assert kit.rejected.tolist() == [True, True, False]


def test_accuracy_counts_both_classes() -> None:
    """Of five strips the good one that is rejected and the defective one that is not are wrong."""
    kit = judged(np.array([[1.0], [1.5], [3.0], [1.0], [3.0]]), ["", "", "", "spot", "spot"], np.zeros(5), (2.0,))
    assert (kit.accuracy.hits, kit.accuracy.total) == (3, 5)


def test_counts_that_do_not_agree_are_refused() -> None:
    """The error says which counts were found."""
    with pytest.raises(ValueError, match="found 2 scores, 1 kinds, 2 severities"):
        judged(np.ones((2, 1)), [""], np.zeros(2), (2.0,))
    with pytest.raises(ValueError, match=r"multiple of 2 regions, found \[2, 3\]"):
        judged(np.ones((2, 3)), ["", ""], np.zeros(2), (2.0, 2.0))
