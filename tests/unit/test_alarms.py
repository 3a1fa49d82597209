"""Which alarms stand, and in which order."""

from datetime import UTC, datetime, timedelta

from stripsight.alarms import Alarm, AlarmCode, Alarms

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def alarm(minutes: int, *, urgent: bool) -> Alarm:
    """Return an alarm that stands for some minutes."""
    return Alarm(AlarmCode.DRIFT_REJECTS_HIGH, "rejects are high", NOW - timedelta(minutes=minutes), urgent)


def test_the_urgent_come_first_and_then_the_oldest_whoever_raises_them() -> None:
    """The order of the sources has no part in it, and each is asked anew."""
    alarms, raised = Alarms(), [alarm(1, urgent=False), alarm(2, urgent=True)]
    alarms.add(lambda: raised)
    alarms.add(lambda: [alarm(5, urgent=False), alarm(1, urgent=True)])
    assert alarms.standing == (
        alarm(2, urgent=True),
        alarm(1, urgent=True),
        alarm(5, urgent=False),
        alarm(1, urgent=False),
    )
    raised.clear()
    assert alarms.standing == (alarm(1, urgent=True), alarm(5, urgent=False))
