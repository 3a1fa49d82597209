"""Which refusals go on record."""

import pytest

from stripsight.access.refusals import Refusals, Refused

VIEWER = Refused("ROLE_MISSING", "viewer", "10.0.0.7", "/a.B/C")
OTHER = Refused("ROLE_MISSING", "other", "10.0.0.8", "/a.B/C")


class Kept:
    """Refusals with a period of 10 s and room for three kinds, a clock of the test's, and what they wrote."""

    def __init__(self) -> None:
        """Begin at 0 s."""
        self.now = 0.0
        self.written: list[tuple[Refused, int]] = []
        self.refusals = Refusals(
            lambda refused, count: self.written.append((refused, count)),
            period_s=10,
            kinds_max=3,
            clock=lambda: self.now,
        )


@pytest.fixture
def kept() -> Kept:
    """Return refusals to be."""
    return Kept()


def test_a_new_one_is_written_at_once_and_its_repeats_as_a_count(kept: Kept) -> None:
    """A thousand calls are two records, and no call is forgotten."""
    for _ in range(1000):
        kept.refusals.add(VIEWER)
    assert kept.written == [(VIEWER, 1)]
    kept.refusals.flush()
    assert kept.written == [(VIEWER, 1), (VIEWER, 999)]
    kept.refusals.flush()
    assert len(kept.written) == 2


def test_callers_are_told_apart(kept: Kept) -> None:
    """One who is refused all day does not hide another."""
    for refused in (VIEWER, OTHER, VIEWER):
        kept.refusals.add(refused)
    assert kept.written == [(VIEWER, 1), (OTHER, 1)]


def test_the_first_after_a_period_ends_it(kept: Kept) -> None:
    """Counts of the period that is over come first, and then the new one at once."""
    kept.refusals.add(VIEWER)
    kept.now = 9.9
    kept.refusals.add(VIEWER)
    kept.now = 10
    kept.refusals.add(VIEWER)
    assert kept.written == [(VIEWER, 1), (VIEWER, 1), (VIEWER, 1)]
    kept.now = 19.9
    kept.refusals.add(VIEWER)
    assert len(kept.written) == 3


def test_however_many_callers_there_are_the_record_grows_by_a_few(kept: Kept) -> None:
    """Beyond three kinds, all others are one."""
    for number in range(1000):
        kept.refusals.add(Refused("ROLE_MISSING", f"caller {number}"))
    kept.refusals.flush()
    assert [refused.caller for refused, _ in kept.written] == ["caller 0", "caller 1", "caller 2", "", ""]
    assert sum(count for _, count in kept.written) == 1000
