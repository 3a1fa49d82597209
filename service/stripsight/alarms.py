"""What is out of the ordinary now, for a person to look at. The words are a closed list, the sentences are not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlarmCode(StrEnum):
    """Every alarm there is; a word keeps its meaning for good."""

    DRIFT_REJECTS_HIGH = "DRIFT_REJECTS_HIGH"
    DRIFT_REJECTS_LOW = "DRIFT_REJECTS_LOW"
    DRIFT_SCORES_HIGH = "DRIFT_SCORES_HIGH"
    DRIFT_SCORES_LOW = "DRIFT_SCORES_LOW"
    BUNDLE_NOT_CONFIGURED = "BUNDLE_NOT_CONFIGURED"
    DISK_PICTURES_STOPPED = "DISK_PICTURES_STOPPED"
    DISK_FULL = "DISK_FULL"
    RECORD_BROKEN = "RECORD_BROKEN"
    CHALLENGE_MISSED = "CHALLENGE_MISSED"
    CHALLENGE_DELAYED = "CHALLENGE_DELAYED"
    CERTIFICATE_BROKEN = "CERTIFICATE_BROKEN"
    CERTIFICATE_EXPIRES = "CERTIFICATE_EXPIRES"


@dataclass(frozen=True)
class Alarm:
    """An alarm and its reason in a sentence. `since` is in UTC; an urgent one stops or doubts inspections."""

    code: AlarmCode
    message: str
    since: datetime
    urgent: bool


class Alarms:
    """Everything that raises alarms, asked anew each time. Sources are added before the first call is taken."""

    def __init__(self) -> None:
        """Begin without a source."""
        self._sources: list[Callable[[], Iterable[Alarm]]] = []

    def add(self, source: Callable[[], Iterable[Alarm]]) -> None:
        """Ask `source` too. Any thread may ask, so it must not wait."""
        self._sources.append(source)

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """What stands now: the urgent first, then the oldest."""
        found = (alarm for source in self._sources for alarm in source())
        return tuple(sorted(found, key=lambda alarm: (not alarm.urgent, alarm.since)))
