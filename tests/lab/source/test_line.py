"""The simulated line as a source of products."""

import pickle
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from stripsight_lab.line import Strip, random_kit
from stripsight_lab.line.seeds import derive
from stripsight_lab.source import AnySource, LineSource

TABLE: dict[str, Any] = {
    "kind": "line",
    "training": {"seed": 1, "products": 5},
    "tuning": {"seed": 101, "good": 20, "defective": 11},
    "test": {"seed": 202, "good": 30, "defective": 22},
}


def line(**changes: Any) -> LineSource:
    """The source with other entries in its table."""
    return LineSource.model_validate({**TABLE, **changes})


def test_training_strips_are_good_and_come_from_the_seed() -> None:
    """Strip i is that of ("training", seed, i), however many are asked for."""
    units = line().training()
    assert [unit.strip for unit in units] == [Strip.good(derive("training", 1, i)) for i in range(5)]
    assert {(unit.kind, unit.severity, unit.place) for unit in units} == {("", 0.0, "")}
    longer = line(training={"seed": 1, "products": 8}).training()
    assert longer[:5] == units


def test_a_kit_is_the_lines_kit() -> None:
    """The same strips under the same names, and each defect's kind, severity and vial."""
    items, units = random_kit(202, 30, 22), line().test_kit()
    assert [(unit.unit_id, unit.strip) for unit in units] == [(item.strip_id, item.strip) for item in items]
    for item, unit in zip(items, units, strict=True):
        if item.defect is None:
            assert (unit.kind, unit.severity, unit.place) == ("", 0.0, "")
        else:
            assert (unit.kind, unit.severity) == (str(item.defect.kind), item.defect.severity)
            assert unit.place == ("V1", "V2", "V3", "V4", "V5")[item.defect.vial]


def test_parts_share_nothing() -> None:
    """No strip, no defect and no id is in two parts."""
    source = line()
    units = [*source.training(), *source.tuning_kit(), *source.test_kit()]
    assert len({unit.strip.seed for unit in units}) == len({unit.unit_id for unit in units}) == len(units) == 88
    assert len({unit.strip.defect.seed for unit in units if unit.strip.defect}) == 33


@pytest.mark.parametrize(("part", "seed"), [("test", 101), ("test", 1), ("tuning", 1)])
def test_equal_seeds_are_refused(part: str, seed: int) -> None:
    """The message shows all three."""
    with pytest.raises(ValidationError, match=r"expected three different seeds, found .*'tuning'"):
        line(**{part: {**TABLE[part], "seed": seed}})


def test_the_table_comes_back_as_it_was_written() -> None:
    """What is kept beside a result has the keys of the experiment file, and reads back."""
    source = TypeAdapter[Any](AnySource).validate_python(TABLE)
    assert isinstance(source, LineSource)
    assert source.model_dump(mode="json") == TABLE
    with pytest.raises(ValidationError, match="productz"):
        line(training={"seed": 1, "productz": 5})


def test_units_acquire_and_pickle() -> None:
    """The asked frames with the defect's mask; a copy by pickle gives the same."""
    unit = next(unit for unit in line().tuning_kit() if unit.severity > 0.8)
    taken, again = unit.acquire(3, (7,)), pickle.loads(pickle.dumps(unit)).acquire(3, (7,))
    assert taken.frames.shape == (1, 1080, 1920)
    assert taken.masks is not None and taken.masks.any()
    np.testing.assert_array_equal(taken.frames, again.frames)
    np.testing.assert_array_equal(taken.frames, unit.strip.acquire(3, (7,)).frames)
