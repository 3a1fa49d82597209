"""The tables of an evaluation."""

from collections.abc import Callable

import pytest

from stripsight_lab.evaluate import Evaluation
from stripsight_lab.evaluate.layout import Table
from stripsight_lab.evaluate.tables import (
    kinds_by_severity_table,
    kinds_table,
    patches_table,
    runs_table,
    severities_table,
    strips_table,
)

Evaluate = Callable[..., Evaluation]


def by_name(table: Table) -> dict[str, tuple[str, ...]]:
    """The rows by their first cell."""
    return {row[0]: row[1:] for row in table.rows}


def test_table_1_has_a_row_for_each_region_and_the_vial(evaluated: Evaluate) -> None:
    """Threshold, both rates with counts, and what was left out in the note."""
    result = evaluated()
    rows = by_name(patches_table(result))
    assert list(rows) == ["R0", "R1", "vial"]
    assert rows["R0"][:3] == (
        "0.900000",
        str(result.patches.regions[0].detection),
        str(result.patches.regions[0].false_reject),
    )
    assert rows["R1"][1] == "none"
    assert rows["vial"][0] == "-"
    assert "1400 others are left out" in patches_table(result).note


def test_table_2_compares_bundles_and_leaves_out_what_none_has(evaluated: Evaluate) -> None:
    """A column each; no rows for good strips where there are none."""
    result, bad = evaluated(), evaluated(good=0)
    table = strips_table({"this": result, "other": bad})
    assert table.columns == ("", "this", "other")
    rows = by_name(table)
    assert rows["detection rate"] == (str(result.detection), str(bad.detection))
    assert rows["false-reject rate"][1] == "none"
    assert rows["detection at 1 % false rejects"] == (str(result.fixed[0].detection), "-")
    assert rows["inference of a strip, mean / maximum"] == ("300 / 350 ms", "300 / 350 ms")
    assert {"false-reject rate", "AUROC"} & set(by_name(strips_table({"other": bad}))) == set()


def test_table_3_says_its_policy_and_is_empty_without_runs(evaluated: Evaluate) -> None:
    """Four rates in products."""
    result = evaluated()
    assert result.runs is not None
    table = runs_table({"this": result})
    assert by_name(table)["good, not confirmed"] == (str(result.runs.good_unconfirmed),)
    assert "at least 7 of its 10 runs" in table.note
    assert runs_table({"this": evaluated(runs=1)}).rows == ()


def test_kinds_end_with_all_of_them(evaluated: Evaluate) -> None:
    """Detection, and from which severity, for each bundle."""
    result = evaluated()
    rows = by_name(kinds_table({"this": result, "other": result}))
    assert list(rows) == ["cut", "spot", "all kinds"]
    assert rows["all kinds"] == (str(result.detection), str(result.all_kinds.smallest)) * 2


def test_severities_leave_out_bands_that_no_kit_has(evaluated: Evaluate) -> None:
    """Without grades one row is left, and counts stand under it by kind too."""
    ungraded = evaluated(graded=False)
    assert list(by_name(severities_table({"this": ungraded}))) == ["not graded"]
    table = kinds_by_severity_table(ungraded)
    assert by_name(table)["all kinds"][-1] == f"{ungraded.detection.hits}/200"
    assert by_name(table)["spot"][0] == "-"


def test_the_bands_are_those_of_the_kit(evaluated: Evaluate) -> None:
    """Counts of a kind add up over its bands."""
    result = evaluated()
    counts = [cell.split("/") for cell in by_name(kinds_by_severity_table(result))["spot"]]
    assert sum(int(found) for found, _ in counts) == result.by_kind["spot"].hits


@pytest.mark.parametrize("kit", [{"good": 0}, {"defective": 0}, {"shape": (1, 1, 1), "graded": False, "runs": 1}])
def test_every_table_can_be_made_of_any_kit(evaluated: Evaluate, kit: dict[str, object]) -> None:
    """One class, one patch, one run, no grades."""
    result = evaluated(**kit)
    for compare in (strips_table, runs_table, kinds_table, severities_table):
        assert compare({"this": result}).title
    assert len(patches_table(result).rows) == len(result.thresholds) + 1
    assert kinds_by_severity_table(result).rows[-1][0] == "all kinds"
