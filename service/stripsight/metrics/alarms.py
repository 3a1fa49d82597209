"""What is told of alarms, whatever raises them."""

from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from stripsight.alarms import Alarm, AlarmCode


class AlarmMetrics:
    """Which alarms stand."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        self._alarm = Gauge("stripsight_alarm", "1 while an alarm stands, else 0.", ["code"], registry=registry)
        for code in AlarmCode:
            self._alarm.labels(code)

    def are(self, standing: Callable[[], Iterable[Alarm]]) -> None:
        """Ask `standing` at each scrape which alarms stand."""
        for code in AlarmCode:
            self._alarm.labels(code).set_function(partial(_stands, code, standing))


def _stands(code: AlarmCode, standing: Callable[[], Iterable[Alarm]]) -> bool:
    return any(alarm.code is code for alarm in standing())
