"""The Knapp-Kushner procedure, with numbers worked out by hand."""

import math

import numpy as np
import pytest

from stripsight_lab.qualify.inspections import Inspections
from stripsight_lab.qualify.knapp import KnappKushner, Zone, ZoneLimits, knapp_kushner


def inspections(**counts: tuple[int, int]) -> Inspections:
    """Rejections and inspections of each unit."""
    rejected, inspected = np.array(list(counts.values()), np.int64).T
    return Inspections(tuple(counts), rejected, inspected)


MANUAL = inspections(a=(50, 50), b=(35, 50), c=(15, 50), d=(16, 50), e=(0, 50))
MACHINE = inspections(a=(10, 10), b=(6, 10), c=(1, 10), d=(9, 10), e=(0, 10))


def compared(manual: Inspections = MANUAL, machine: Inspections = MACHINE, seed: int = 1) -> KnappKushner:
    """The procedure with the usual settings."""
    return knapp_kushner(manual, machine, seed=seed)


def test_zones_follow_the_manual_p_and_hold_their_limits() -> None:
    """0.7 is in the reject zone and 0.3 in the accept zone; 0.32 is grey; what the machine says moves no unit."""
    found = compared()
    assert found.zones == (Zone.REJECT, Zone.REJECT, Zone.ACCEPT, Zone.GREY, Zone.ACCEPT)
    assert [found.count(zone) for zone in Zone] == [2, 1, 2]


def test_efficiencies_by_hand() -> None:
    """RZE: (1 + 0.7) / 2 by people, (1 + 0.6) / 2 by the machine; false rejects: (0.1 + 0) / 2 and (0.3 + 0) / 2."""
    found = compared()
    assert found.rze_manual.value == pytest.approx(0.85)
    assert found.rze_machine.value == pytest.approx(0.8)
    assert found.difference.value == pytest.approx(-0.05)
    assert found.false_reject_machine.value == pytest.approx(0.05)
    assert found.false_reject_manual.value == pytest.approx(0.15)
    assert found.qualifies is False


def test_the_bootstrap_draws_units() -> None:
    """Two units: aa and bb come a quarter of the time each, so the interval spans both, and only aa has no gap."""
    found = compared()
    assert (found.rze_manual.low, found.rze_manual.high) == pytest.approx((0.7, 1.0))
    assert (found.difference.low, found.difference.high) == pytest.approx((-0.1, 0.0))
    assert found.share_at_least == pytest.approx(0.25, abs=0.02)
    assert (found.false_reject_machine.low, found.false_reject_machine.high) == pytest.approx((0.0, 0.1))


def test_the_bootstrap_is_paired() -> None:
    """A machine that rejects each unit as often as people do is not apart from them in any resample."""
    manual = inspections(a=(50, 50), b=(35, 50), c=(40, 50), d=(45, 50))
    machine = inspections(a=(10, 10), b=(7, 10), c=(8, 10), d=(9, 10))
    found = compared(manual, machine)
    assert (found.difference.low, found.difference.high) == pytest.approx((0, 0), abs=1e-12)
    assert found.rze_manual.high > found.rze_manual.low
    assert found.share_at_least == 1
    assert found.qualifies is True


def test_a_seed_repeats_and_another_does_not() -> None:
    """The interval follows from counts and seed."""
    assert compared().share_at_least == compared().share_at_least
    assert compared(seed=1).share_at_least != compared(seed=2).share_at_least


def test_unequal_inspection_counts_weigh_each_unit_once() -> None:
    """RZE is the mean of the units' p, not rejections over inspections: (1 + 0.75) / 2, not 4 / 5."""
    found = compared(inspections(a=(1, 1), b=(3, 4)), inspections(a=(1, 2), b=(2, 2)))
    assert found.rze_manual.value == pytest.approx(0.875)
    assert found.rze_machine.value == pytest.approx(0.75)


def test_units_are_matched_by_name() -> None:
    """Another order of the manual results changes nothing."""
    order = ("e", "c", "a", "d", "b")
    shuffled = inspections(
        **{unit: (int(MANUAL.of([*"abcde"], "manual").rejected["abcde".index(unit)]), 50) for unit in order}
    )
    assert compared(shuffled).rze_machine.value == pytest.approx(0.8)


def test_an_empty_reject_zone_concludes_nothing() -> None:
    """Without a unit that people reject there is neither an efficiency nor a verdict."""
    found = compared(inspections(a=(0, 9), b=(5, 9)), inspections(a=(1, 1), b=(1, 1)))
    assert found.qualifies is None
    assert math.isnan(found.rze_manual.value)
    assert math.isnan(found.share_at_least)
    assert found.rze_machine.units == 0
    assert found.false_reject_machine.value == 1


def test_an_empty_accept_zone_has_no_false_rejects() -> None:
    """The rest of the procedure goes on."""
    found = compared(inspections(a=(9, 9)), inspections(a=(1, 1)))
    assert found.qualifies is True
    assert math.isnan(found.false_reject_machine.value)


def test_one_unit_gives_no_interval() -> None:
    """A single unit cannot differ from itself."""
    found = compared(inspections(a=(9, 9)), inspections(a=(1, 1)))
    assert math.isnan(found.rze_machine.low)


def test_units_without_manual_results_are_named() -> None:
    """Up to five of them; how many more is said."""
    machine = inspections(**{f"u{i}": (1, 1) for i in range(8)})
    with pytest.raises(ValueError, match=r"manual results of every unit, found none of u1, u2, u3, u4, u5 and 2 more"):
        compared(inspections(u0=(1, 1)), machine)


def test_manual_results_of_other_units_are_named() -> None:
    """A CSV of another kit is not silently cut to the units that fit."""
    with pytest.raises(ValueError, match="kit's units only, found x"):
        compared(inspections(a=(1, 1), x=(1, 1)), inspections(a=(1, 1)))


@pytest.mark.parametrize("counts", [(2, 1), (-1, 1), (0, 0)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int]) -> None:
    """More rejections than inspections, and no inspection at all."""
    with pytest.raises(ValueError, match="unit a: expected 0 <= rejected <= inspected >= 1"):
        inspections(a=counts)


def test_zone_limits_must_rise() -> None:
    """Zones that overlap would put a unit into two."""
    with pytest.raises(ValueError, match=r"found 0\.7 and 0\.3"):
        ZoneLimits(0.7, 0.3)
