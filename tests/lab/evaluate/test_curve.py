"""Good against defective without a threshold."""

import numpy as np
import pytest

from stripsight_lab.evaluate.curve import FixedPoint, auroc, auroc_interval, fixed_points, roc
from stripsight_lab.evaluate.judged import Judged, judged
from stripsight_lab.tune.rates import Rate


def strips(good: list[float], defective: list[float], runs: int = 1) -> Judged:
    """Strips of one patch at a threshold of 1, each acquired in so many equal runs."""
    scores = np.repeat([*good, *defective], runs)
    kinds = np.repeat([""] * len(good) + ["spot"] * len(defective), runs).tolist()
    units = np.repeat([f"u{number}" for number in range(len(good) + len(defective))], runs).tolist()
    return judged(scores[:, None], kinds, np.zeros(len(scores)), (1.0,), units)


def test_auroc_by_hand() -> None:
    """Of six pairs four are in order, one is tied, one is not: (4 + 0.5) / 6."""
    assert auroc(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.5])) == pytest.approx(4.5 / 6)


def test_auroc_ranks_what_is_not_finite_above_all() -> None:
    """Such a patch is always rejected."""
    assert auroc(np.array([1.0, 5.0]), np.array([np.inf, np.nan])) == 1.0


def test_without_both_classes_there_is_no_curve() -> None:
    """None and empty rather than a figure that means nothing."""
    good, defective = strips([0.1, 0.2], []), strips([], [0.1, 0.2])
    assert auroc(np.array([1.0]), np.array([])) is None
    for kit in (good, defective):
        assert roc(kit).detection == ()
        assert auroc_interval(kit) is None
    assert fixed_points(defective) == ()
    assert [point.detection for point in fixed_points(good)] == [Rate(0, 0), Rate(0, 0)]


def test_the_interval_holds_the_figure_and_counts_products() -> None:
    """Ten equal runs of each product say no more than one."""
    rng = np.random.default_rng(4)
    good, defective = rng.normal(0, 1, 40).tolist(), rng.normal(1, 1, 50).tolist()
    once, often = auroc_interval(strips(good, defective)), auroc_interval(strips(good, defective, runs=10))
    figure = auroc(np.array(good), np.array(defective))
    assert once is not None and figure is not None
    assert once[0] < figure < once[1]
    assert 0.1 < once[1] - once[0] < 0.3
    assert often == pytest.approx(once)


def test_good_and_defective_products_are_drawn_apart() -> None:
    """Equal scores in both classes, ties among them: 0.5, and resamples of each class on its own scatter around it.

    The same draw in both would give 0.5 each time, and no interval.
    """
    interval = auroc_interval(strips([0.2, 0.4] * 10, [0.2, 0.4] * 10))
    assert interval is not None
    assert 0.3 < interval[0] < 0.45
    assert 0.55 < interval[1] < 0.7


def test_classes_that_do_not_overlap_leave_the_interval_open() -> None:
    """Every resample separates them: the bootstrap would claim certainty."""
    assert auroc_interval(strips([0.1, 0.2], [0.8, 0.9])) is None


def test_the_curve_runs_from_nothing_to_everything() -> None:
    """Corners by hand: both defective strips above two of three good ones, one above all."""
    curve = roc(strips([0.1, 0.2, 0.8], [0.7, 0.9]))
    corners = list(zip(curve.false_reject, curve.detection, strict=True))
    assert corners == [(0, 0), (0, 0.5), (pytest.approx(1 / 3), 0.5), (pytest.approx(1 / 3), 1), (1, 1)]


def test_detection_at_a_fixed_false_reject_rate_by_hand() -> None:
    """Of ten good strips a tenth may go: all that is above the second largest, 0.9, is rejected."""
    kit = strips([n / 10 for n in range(1, 11)], [0.85, 0.9, 0.95, 1.2])
    (point,) = fixed_points(kit, (0.1,))
    assert point == FixedPoint(0.1, 0.9, Rate(1, 10), Rate(2, 4))


def test_strips_without_a_number_for_a_score_are_rejected_at_any_scale() -> None:
    """Two good ones are more than a tenth of ten: no scale can help, and the count says so."""
    kit = strips([0.1] * 8 + [np.inf, np.nan], [0.5, np.inf])
    (point,) = fixed_points(kit, (0.1,))
    assert point == FixedPoint(0.1, None, Rate(2, 10), Rate(1, 2))
