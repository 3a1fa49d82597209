"""Callers whose certificates end soon."""

from datetime import UTC, datetime, timedelta

import pytest

from stripsight.access.roles import LOCAL, Caller
from stripsight.alarms import AlarmCode
from stripsight.certificates.callers import Callers

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Seen:
    """Callers, and a clock of the test's."""

    def __init__(self) -> None:
        """Begin in June."""
        self.now = NOW
        self.callers = Callers(lambda: self.now)

    def see(self, name: str, days: int) -> None:
        """Let one call whose certificate ends so many days after the first of June."""
        self.callers.seen(Caller(name, frozenset(), NOW + days * DAY))


@pytest.fixture
def seen() -> Seen:
    """Return callers to be."""
    return Seen()


def test_one_that_ends_within_thirty_days_is_told(seen: Seen) -> None:
    """By name, since thirty days before; the others are not, nor are callers without a certificate."""
    seen.see("machine-1", 40)
    seen.see("page", 60)
    seen.callers.seen(LOCAL)
    assert seen.callers.alarms == ()
    seen.now = NOW + 10 * DAY
    (alarm,) = seen.callers.alarms
    assert (alarm.code, alarm.since, alarm.urgent) == (AlarmCode.CERTIFICATE_EXPIRES, NOW + 10 * DAY, False)
    assert "caller machine-1's certificate ends 2026-07-11" in alarm.message


def test_a_renewed_certificate_ends_the_alarm(seen: Seen) -> None:
    """As soon as its owner calls with it."""
    seen.see("machine-1", 3)
    assert len(seen.callers.alarms) == 1
    seen.see("machine-1", 400)
    assert seen.callers.alarms == ()


def test_one_that_has_ended_is_forgotten(seen: Seen) -> None:
    """A laptop that was given away is no alarm for good."""
    seen.see("laptop", 3)
    seen.now = NOW + 3 * DAY
    assert seen.callers.alarms == ()
    assert seen.callers.ends == {}


def test_however_many_call_the_memory_is_bounded(seen: Seen) -> None:
    """Those that called last are kept."""
    for number in range(1000):
        seen.see(f"caller {number}", 100)
    assert list(seen.callers.ends) == [f"caller {number}" for number in range(900, 1000)]
