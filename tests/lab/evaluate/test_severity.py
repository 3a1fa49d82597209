"""What is found of each kind of defect, and down to which severity."""

import numpy as np
import pytest

from stripsight_lab.evaluate.judged import Judged, judged
from stripsight_lab.evaluate.severity import kind_figures, smallest_found
from stripsight_lab.tune.rates import Rate

ALL = np.ones(1, dtype=bool)


def spots(severities: list[float], rejected: list[int], runs: int = 1) -> Judged:
    """Defective products of these severities, each rejected in so many of its runs."""
    hits = np.concatenate([np.arange(runs) < count for count in rejected])
    units = [f"u{number}" for number in range(len(severities)) for _ in range(runs)]
    scores = np.where(hits, 3.0, 1.0)[:, None]
    return judged(scores, ["spot"] * len(units), np.repeat(severities, runs), (2.0,), units)


def smallest(kit: Judged) -> tuple[float | None, int, Rate]:
    """The figure, and what it rests on."""
    found = smallest_found(kit, kit.defective)
    return found.severity, found.products, found.from_there


def test_a_find_below_a_miss_does_not_count() -> None:
    """Missed at 0.1 and 0.3, found at 0.2: the rising curve is at a half there, and at 1 from 0.4."""
    kit = spots([0.3, 0.1, 0.5, 0.2, 0.4], [0, 0, 1, 1, 1])
    assert smallest(kit) == (0.4, 2, Rate(2, 2))
    assert str(smallest_found(kit, kit.defective)) == "0.40 (2 products)"


def test_nine_of_ten_runs_are_enough_and_eight_are_not() -> None:
    """Runs of one product are trials at one severity."""
    kit = spots([0.2, 0.6, 0.9], [8, 9, 10], runs=10)
    severity, products, there = smallest(kit)
    assert (severity, products) == (0.6, 2)
    assert (there.hits, there.total) == (19, 20)


def test_one_miss_among_nine_finds_is_within_nine_in_ten() -> None:
    """Nine found products from 0.1 to 0.9, one missed at 1.0: the curve is flat at 0.9."""
    kit = spots([n / 10 for n in range(1, 11)], [1] * 9 + [0])
    assert smallest(kit)[0] == 0.1


def test_reached_at_the_least_severity_means_or_less() -> None:
    """A kit that holds nothing smaller does not say how small."""
    found = smallest_found(spots([0.12, 0.5], [1, 1]), np.ones(2, dtype=bool))
    assert str(found) == "0.12 or less (2 products)"
    assert str(smallest_found(spots([0.12], [1]), ALL)) == "0.12 or less (1 product)"


def test_not_reached_and_not_graded_differ() -> None:
    """Both have no figure; only the first has a least severity."""
    missed, ungraded = spots([0.3, 0.9], [1, 0]), spots([np.nan, np.nan], [1, 1])
    assert smallest(missed) == smallest(ungraded) == (None, 0, Rate(0, 0))
    assert str(smallest_found(missed, missed.defective)) == "not reached"
    assert str(smallest_found(ungraded, ungraded.defective)) == "not graded"


def test_other_kinds_do_not_bend_the_curve() -> None:
    """A miss at 0.6 that is not asked for leaves the finds at 0.2 and 0.8 alone."""
    kit = spots([0.2, 0.6, 0.8], [1, 0, 1])
    assert smallest_found(kit, kit.severities != 0.6).severity == 0.2
    assert smallest_found(kit, kit.defective).severity == 0.8


def test_bands_hold_their_upper_edge_and_the_ungraded_stand_apart() -> None:
    """0.25 is in the first band, 1.0 in the last, NaN in none of them."""
    kit = spots([0.25, 0.26, 1.0, np.nan], [1, 0, 1, 1])
    figures = kind_figures(kit, "spot", kit.defective)
    assert figures.by_severity == {
        "0.00 to 0.25": Rate(1, 1),
        "0.25 to 0.50": Rate(0, 1),
        "0.50 to 0.75": Rate(0, 0),
        "0.75 to 1.00": Rate(1, 1),
        "not graded": Rate(1, 1),
    }


def test_products_and_acquisitions_of_a_kind() -> None:
    """Two products in three runs each: 4 of 6, and only those asked for."""
    kit = spots([0.3, 0.9, 0.5], [1, 3, 0], runs=3)
    figures = kind_figures(kit, "spot", kit.severities != 0.5)
    assert (figures.products, figures.detection.hits, figures.detection.total) == (2, 4, 6)
    assert figures.smallest.severity == pytest.approx(0.9)
