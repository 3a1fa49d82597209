"""Figures of a bundle on a kit."""

import numpy as np
import pytest

from stripsight_lab.evaluate import Rate, auroc, evaluate


def test_wilson_interval_of_ten_out_of_ten() -> None:
    """Wilson's lower bound for n of n is n / (n + z^2): 10 / 13.8415 = 0.7225."""
    low, high = Rate(10, 10).interval()
    assert low == pytest.approx(0.7225, abs=1e-4)
    assert high == pytest.approx(1.0)


def test_a_rate_prints_its_counts() -> None:
    """A percentage never stands alone."""
    assert str(Rate(1, 4)).startswith("1/4 = 0.250 (")


def test_auroc_by_hand() -> None:
    """Of six pairs four are in order, one is tied, one is not: (4 + 0.5) / 6."""
    assert auroc(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.5])) == pytest.approx(4.5 / 6)


def test_counts_by_kind_and_severity() -> None:
    """A score at its threshold is rejected; the worst patch decides for the strip."""
    scores = np.array([[0.1, 0.1], [0.1, 0.5], [0.2, 0.1], [0.1, 0.4]])
    result = evaluate(scores, ["", "", "spot", "spot"], np.array([0, 0, 0.9, 0.1]), (0.2, 0.45))
    assert result.detection == Rate(1, 2)
    assert result.false_reject == Rate(1, 2)
    assert result.by_kind == {"spot": Rate(1, 2)}
    assert result.by_severity["0.75 to 1.00"] == Rate(1, 1)
    assert result.by_severity["0.00 to 0.25"] == Rate(0, 1)
