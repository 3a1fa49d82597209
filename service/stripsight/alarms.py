"""What is out of the ordinary now, for a person to look at. The words are a closed list, the sentences are not."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlarmCode(StrEnum):
    """Every alarm there is; a word keeps its meaning for good."""

    DRIFT_REJECTS_HIGH = "DRIFT_REJECTS_HIGH"
    DRIFT_REJECTS_LOW = "DRIFT_REJECTS_LOW"
    DRIFT_SCORES_HIGH = "DRIFT_SCORES_HIGH"
    DRIFT_SCORES_LOW = "DRIFT_SCORES_LOW"


@dataclass(frozen=True)
class Alarm:
    """An alarm and its reason in a sentence. `since` is in UTC; an urgent one stops or doubts inspections."""

    code: AlarmCode
    message: str
    since: datetime
    urgent: bool
