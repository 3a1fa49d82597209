"""baseline.json in a bundle."""

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stripsight.drift.baseline import Baseline, baseline_of
from stripsight.errors import BundleBaselineError
from stripsight.recipe import Recipe


@pytest.fixture
def contents(strip_recipe: Recipe) -> dict[str, Any]:
    """A baseline of 400 strips whose scores run from 0 to 1 and differ by place."""
    places = np.arange(20).reshape(5, 4)
    worst = np.linspace(0, 1, 401)[:, None, None] + places
    return {"schema_version": 1, **baseline_of(worst, 12, strip_recipe)}


def test_levels_lie_where_they_say(contents: dict[str, Any], strip_recipe: Recipe) -> None:
    """Half of the strips lie below the first level and nine tenths below the second, in the recipe's order."""
    baseline = Baseline.model_validate_json(json.dumps(contents))
    baseline.check(strip_recipe)
    table = baseline.table(strip_recipe)
    assert table.shape == (5, 4, 2)
    assert table[2, 1].tolist() == pytest.approx([9.5, 9.9])


def test_a_baseline_of_other_regions_is_refused(contents: dict[str, Any], strip_recipe: Recipe) -> None:
    """The message names what was expected and found."""
    contents["scores"]["V3"]["R9"] = contents["scores"]["V3"].pop("R1")
    with pytest.raises(BundleBaselineError, match=r"'V3': \['R0', 'R1', 'R2', 'R3'\].* found .*'R9'"):
        Baseline.model_validate(contents).check(strip_recipe)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rejected": 402}, "at most 401 rejected strips"),
        ({"strips": 0}, "strips"),
        ({"levels": [0.5]}, "expected 1 scores a region"),
        ({"levels": [0.5, 1.0]}, "levels"),
    ],
)
def test_a_baseline_that_cannot_be_is_refused(contents: dict[str, Any], change: dict[str, Any], says: str) -> None:
    """More rejects than strips, no strips, levels without scores, a level that nothing lies above."""
    with pytest.raises(ValidationError, match=says):
        Baseline.model_validate(contents | change)
