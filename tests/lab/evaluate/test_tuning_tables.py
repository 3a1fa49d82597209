"""The tables of a tuning."""

import numpy as np

from stripsight_lab.evaluate.tuning_tables import thresholds_table, what_if_table
from stripsight_lab.tune import Balance, GoodOnly, tune, what_if

SCORES = np.vstack([np.arange(1.0, 21)[:, None], [[25.0]]]) * [1.0, 2.0]
DEFECTIVE = np.arange(21) == 20


def test_thresholds_by_region_and_what_the_strip_pays() -> None:
    """Twenty good strips at rank 1: 19.5 and 39, one rejected by both, the next one with 2/21."""
    table = thresholds_table(tune(SCORES, DEFECTIVE, 2, 0.05), ["top", "bottom"])
    assert [row[:2] for row in table.rows] == [("top", "19.500000"), ("bottom", "39.000000"), ("strip", "-")]
    assert {row[2].split(" (")[0] for row in table.rows} == {"1/20 = 0.050"}
    assert {row[4] for row in table.rows} == {"0.095 (0.216)"}
    assert "a guide here" in table.note


def test_a_promise_made_beforehand_is_no_guide() -> None:
    """Good-only thresholds keep what they promise."""
    table = thresholds_table(tune(SCORES, DEFECTIVE, 2, GoodOnly(target=0.1)), ["top", "bottom"])
    assert [row[4].split(" (")[0] for row in table.rows] == ["0.048", "0.048", "0.095"]
    assert "a guide here" not in table.note


def test_what_if_has_a_row_a_target() -> None:
    """Targets, counts and thresholds; a method without a target has a dash."""
    rows = [*what_if(SCORES, DEFECTIVE, 2, (0.0, 0.1)), tune(SCORES, DEFECTIVE, 2, Balance())]
    table = what_if_table(rows, ["top", "bottom"])
    assert table.columns[-2:] == ("top", "bottom")
    assert [row[0] for row in table.rows] == ["0 %", "10 %", "-"]
    assert [row[4:] for row in table.rows] == [
        ("20.4000", "40.8000"),
        ("18.5000", "37.0000"),
        ("20.4000", "40.8000"),
    ]
    assert table.rows[1][1].startswith("2/20 = 0.100 (")
    assert table.rows[1][2].startswith("1/1 = 1.000 (")
