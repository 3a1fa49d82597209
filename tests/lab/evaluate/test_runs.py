"""The paper's Table 3."""

import numpy as np
import pytest

from stripsight_lab.evaluate.judged import Judged, judged
from stripsight_lab.evaluate.runs import run_table
from stripsight_lab.tune.rates import Rate


def products(rejecting: dict[str, int], runs: int) -> Judged:
    """Products by name, each rejected in so many of its runs; names that begin with "bad" are defective."""
    scores = np.concatenate([np.where(np.arange(runs) < count, 3.0, 1.0) for count in rejecting.values()])
    units = [name for name in rejecting for _ in range(runs)]
    kinds = ["spot" if name.startswith("bad") else "" for name in units]
    return judged(scores[:, None], kinds, np.zeros(len(units)), (2.0,), units)


def test_seven_of_ten_by_hand() -> None:
    """Defective with 7 and 6 rejects: one found. Good with 0, 3, 4 and 7: one rejected, two not confirmed."""
    table = run_table(products({"bad7": 7, "bad6": 6, "good0": 0, "good3": 3, "good4": 4, "good7": 7}, 10))
    assert (table.least, table.runs) == (7, 10)
    assert table.detection == Rate(1, 2)
    assert table.false_reject == Rate(1, 4)
    assert table.good_unconfirmed == Rate(2, 4)
    assert table.accuracy == Rate(3, 6)


def test_the_policy_is_an_argument() -> None:
    """One of one is the strip's own verdict; two of three another."""
    single = run_table(products({"bad": 1, "good": 0}, 1), 1, 1)
    assert (single.detection, single.false_reject) == (Rate(1, 1), Rate(0, 1))
    assert run_table(products({"bad": 2, "good": 1}, 3), 2, 3).detection == Rate(1, 1)


def test_kits_of_one_class_have_one_rate() -> None:
    """The other is of nothing."""
    assert run_table(products({"good": 0}, 10)).detection == Rate(0, 0)


def test_another_number_of_runs_is_refused() -> None:
    """Seven of ten says nothing about nine runs; so is a policy that no run can meet."""
    with pytest.raises(ValueError, match="expected 10, found 9 to 9"):
        run_table(products({"good": 0}, 9))
    with pytest.raises(ValueError, match="expected 1 to 3, found 4"):
        run_table(products({"good": 0}, 3), 4, 3)
