"""What another target would have cost."""

import numpy as np

from stripsight_lab.tune import tune, what_if


def test_each_row_is_the_kit_tuned_to_its_target() -> None:
    """More false rejects allowed: lower thresholds, more found, and never more rejects than allowed."""
    rng = np.random.default_rng(9)
    scores, defective = rng.lognormal(size=(300, 4)), np.arange(300) >= 200
    scores[defective] *= 1.5
    units = [f"u{number // 2}" for number in range(300)]
    targets = (0.0, 0.02, 0.1)
    rows = what_if(scores, defective, 2, targets, units)
    assert rows == [tune(scores, defective, 2, target, units) for target in targets]
    assert [row.target for row in rows] == list(targets)
    assert all(row.false_reject.hits <= 200 * target for row, target in zip(rows, targets, strict=True))
    assert rows[0].detection.hits < rows[1].detection.hits < rows[2].detection.hits
    assert rows[0].bound.upper < rows[1].bound.upper < rows[2].bound.upper
