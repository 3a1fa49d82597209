"""Figures of a bundle on a kit."""

import json
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import TypeAdapter

from stripsight_lab.evaluate import Evaluation, Rate, evaluate
from stripsight_lab.evaluate.runs import RunTable

Evaluate = Callable[..., Evaluation]


def test_counts_by_kind_and_severity() -> None:
    """A score at its threshold is rejected; the worst patch decides for the strip."""
    scores = np.array([[0.1, 0.1], [0.1, 0.5], [0.2, 0.1], [0.1, 0.4]])
    result = evaluate(scores, ["", "", "spot", "spot"], np.array([0, 0, 0.9, 0.1]), (0.2, 0.45))
    assert result.detection == Rate(1, 2)
    assert result.false_reject == Rate(1, 2)
    assert result.by_kind == {"spot": Rate(1, 2)}
    assert result.by_severity["0.75 to 1.00"] == Rate(1, 1)
    assert result.by_severity["0.00 to 0.25"] == Rate(0, 1)
    assert (result.products, result.acquisitions) == (4, 4)


def test_every_figure_of_a_kit_with_ten_runs(evaluated: Evaluate) -> None:
    """30 good and 20 defective products, 2 x 2 x 2 patches: each part counts the same kit."""
    result = evaluated()
    assert (result.products, result.acquisitions, result.thresholds) == (50, 500, (0.9, 0.9))
    assert (result.detection.total, result.false_reject.total, result.accuracy.total) == (200, 300, 500)
    assert result.accuracy.hits == result.detection.hits + 300 - result.false_reject.hits
    assert [place.name for place in result.patches.regions] == ["R0", "R1"]
    assert result.patches.regions[0].detection.total == result.patches.vial.detection.total == 200
    assert (result.patches.regions[0].false_reject.total, result.patches.vial.false_reject.total) == (1200, 600)
    assert result.runs is not None
    assert (result.runs.detection.total, result.runs.false_reject.total) == (20, 30)
    assert sum(rate.hits for rate in result.by_kind.values()) == result.detection.hits
    assert sum(rate.hits for rate in result.by_severity.values()) == result.detection.hits
    assert result.auroc is not None and result.auroc_interval is not None
    assert result.auroc_interval[0] < result.auroc < result.auroc_interval[1]
    assert [point.target for point in result.fixed] == [0.01, 0.05]
    assert all(point.false_reject.hits <= 300 * point.target for point in result.fixed)
    assert result.aupro == pytest.approx(1 / 3)
    assert result.pixel_auroc == pytest.approx(0.5)
    assert result.time is not None
    assert (result.time.strips, result.time.mean_s, result.time.max_s) == (2, pytest.approx(0.3), 0.35)


def test_a_kit_in_one_run_has_no_table_by_runs(evaluated: Evaluate) -> None:
    """Unless the policy is of one run."""
    assert evaluated(runs=1).runs is None
    result = evaluate(np.ones((2, 1)), ["", "spot"], np.zeros(2), (0.5,), policy=(1, 1))
    assert result.runs == RunTable(1, 1, Rate(1, 1), Rate(1, 1), Rate(1, 1), Rate(1, 2))


@pytest.mark.parametrize("runs", [1, 10])
@pytest.mark.parametrize(
    "kit",
    [
        {"shape": (1, 1, 1)},
        {"good": 0},
        {"defective": 0},
        {"defective": 1},
        {"good": 1, "defective": 1},
        {"graded": False},
    ],
)
def test_small_and_one_sided_kits_are_evaluated(evaluated: Evaluate, kit: dict[str, object], runs: int) -> None:
    """One patch a strip, one class, one kind, no grades: figures where there are any; JSON gives them back whole."""
    result = evaluated(**kit, runs=runs)
    text = json.dumps(asdict(result), allow_nan=False)
    assert TypeAdapter(Evaluation).validate_json(text) == result
    assert result.detection.total + result.false_reject.total == result.acquisitions


def test_without_times_and_maps_there_are_no_such_figures() -> None:
    """None, not zero."""
    result = evaluate(np.ones((2, 1)), ["", "spot"], np.zeros(2), (0.5,))
    assert (result.time, result.aupro, result.pixel_auroc) == (None, None, None)
