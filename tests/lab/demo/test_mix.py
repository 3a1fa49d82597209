"""Which strips are sent."""

import pytest

from stripsight_lab.demo.mix import mix, truth_of
from stripsight_lab.line import random_kit

VIALS = ("V1", "V2", "V3", "V4", "V5")


@pytest.mark.parametrize(("strips", "defective"), [(1, 0), (2, 1), (4, 1), (60, 20), (100, 33)])
def test_one_in_three_is_defective(strips: int, defective: int) -> None:
    """The mix holds as many strips as asked for, and about a third of them is defective."""
    kit = mix(strips, seed=1)
    assert (len(kit), sum(item.defect is not None for item in kit)) == (strips, defective)


def test_seed_repeats() -> None:
    """The same seed gives the same strips, another seed others."""
    assert mix(12, 3) == mix(12, 3)
    assert {item.strip.seed for item in mix(12, 3)}.isdisjoint(item.strip.seed for item in mix(12, 4))


def test_no_strip_is_of_a_kit() -> None:
    """The demo's seed 101 shows no strip of the kit of seed 101, which may have set the thresholds."""
    kit = {item.strip.seed for item in random_kit(101, 200, 110)}
    assert kit.isdisjoint(item.strip.seed for item in mix(100, 101))


def test_truth_of() -> None:
    """A strip's truth names kind, vial and severity of its defect; a good strip's is empty."""
    kit = mix(12, 3)
    for item in kit:
        truth = truth_of(item, VIALS)
        assert truth.defective == (item.defect is not None)
        if item.defect is not None:
            assert (truth.kind, truth.vial) == (str(item.defect.kind), VIALS[item.defect.vial])
            assert truth.severity == pytest.approx(item.defect.severity, abs=5e-4)
