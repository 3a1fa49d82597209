"""A kit's acquisitions, gathered by unit."""

from collections.abc import Callable

import numpy as np
import pytest

from stripsight_lab.kits import KitScores
from stripsight_lab.qualify.units import UnitResult, by_unit, false_rejects, hits, machine_inspections, misses

THRESHOLDS = (0.2, 0.4)


@pytest.fixture
def units(kit_of: Callable[..., KitScores]) -> list[UnitResult]:
    """Two runs each of: good, good with one false reject, spot found, faint spot missed once, faint spot missed."""
    scores = [
        *([0.1, 0.1], [0.1, 0.1]),
        *([0.1, 0.4], [0.1, 0.3]),
        *([0.3, 0.1], [0.5, 0.1]),
        *([0.1, 0.1], [0.2, 0.1]),
        *([0.1, 0.2], [0.1, 0.3]),
    ]
    kinds = ["", "", "", "", *["spot"] * 6]
    names = [name for name in ("g1", "g2", "d1", "d2", "d3") for _ in range(2)]
    severities = [0, 0, 0, 0, 0.9, 0.9, 0.2, 0.2, 0.3, 0.3]
    return by_unit(kit_of(scores, kinds, units=names, runs=[4, 7] * 5, severities=severities), THRESHOLDS)


def test_a_score_at_its_threshold_is_rejected(units: list[UnitResult]) -> None:
    """Rejections of each unit; region 1's 0.4 and region 0's 0.2 are not below."""
    assert [(unit.unit_id, unit.rejected) for unit in units] == [("g1", 0), ("g2", 1), ("d1", 2), ("d2", 1), ("d3", 0)]
    assert machine_inspections(units).p.tolist() == [0, 0.5, 1, 0.5, 0]


def test_a_score_that_is_no_number_is_rejected(kit_of: Callable[..., KitScores]) -> None:
    """An accept is earned; the unit with it comes first among the false rejects."""
    found = by_unit(kit_of([[np.nan, 0.1], [0.1, 0.5]], ["", ""]), THRESHOLDS)
    assert [unit.rejected for unit in found] == [1, 1]
    assert [unit.unit_id for unit in false_rejects(reversed(found))] == ["u0", "u1"]


def test_errors_come_in_order(units: list[UnitResult]) -> None:
    """The most often missed first; each unit once, however many runs missed it."""
    assert [(unit.unit_id, unit.wrong) for unit in misses(units)] == [("d3", 2), ("d2", 1)]
    assert [(unit.unit_id, unit.wrong) for unit in false_rejects(units)] == [("g2", 1)]
    assert [unit.unit_id for unit in hits(units)] == ["d1"]


def test_the_run_that_is_most_wrong_is_shown(units: list[UnitResult]) -> None:
    """A false reject where the score is highest, a miss where it is lowest; runs keep their own numbers."""
    assert {unit.unit_id: unit.shown_run for unit in units} == {"g1": 4, "g2": 4, "d1": 4, "d2": 4, "d3": 4}
    assert UnitResult("x", "", 0, (4, 7), (0.9, 1.1), (False, True)).shown_run == 7
    assert UnitResult("x", "spot", 0.5, (4, 7), (0.9, 0.8), (False, False)).shown_run == 7


def test_hits_are_the_faintest_of_each_kind(kit_of: Callable[..., KitScores]) -> None:
    """Where nobody graded a defect it counts as a plain one."""
    kit = kit_of([[1.0, 1.0]] * 4, ["spot", "spot", "burn", "burn"], severities=[0.5, 0.2, np.nan, 0.9])
    assert [unit.unit_id for unit in hits(by_unit(kit, THRESHOLDS))] == ["u3", "u1"]


def test_scores_of_another_number_of_regions_are_refused(kit_of: Callable[..., KitScores]) -> None:
    """Three scores cannot belong to two regions."""
    with pytest.raises(ValueError, match="a multiple of 2 thresholds, found 3"):
        by_unit(kit_of([[0.1, 0.1, 0.1]], [""]), THRESHOLDS)
