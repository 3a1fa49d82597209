"""A lot as it is told: its state, its challenges, its strips in doubt. Values without behaviour."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

IDS_MAX = 1000
"""How many strips in doubt are named."""


class LotState(StrEnum):
    """A stopped lot can only be closed."""

    OPEN = "OPEN"
    STOPPED = "STOPPED"
    CLOSED = "CLOSED"


class Occasion(StrEnum):
    """Why challenge strips ran."""

    START = "START"
    INTERVAL = "INTERVAL"
    END = "END"
    CALL = "CALL"
    RESTART = "RESTART"


@dataclass(frozen=True)
class ChallengeRun:
    """One run of the challenge strips.

    `missed` has a sentence for each strip that was not judged as it must be. `began_seq` is the number of the last
    record when the run began, `record_seq` that of its own.
    """

    ended_at: datetime
    occasion: Occasion
    strips: int
    missed: tuple[str, ...]
    began_seq: int
    record_seq: int

    @property
    def passed(self) -> bool:
        """Whether every strip was judged as it must be."""
        return not self.missed


@dataclass(frozen=True)
class StripsInDoubt:
    """The strips answered since the last challenge that was passed had begun; at most IDS_MAX accepted are named."""

    first_record_seq: int
    last_record_seq: int
    accepted_strip_ids: tuple[str, ...]
    accepted: int


@dataclass(frozen=True)
class Lot:
    """A lot that was opened. Counts are of its strips' records since then; times are in UTC."""

    lot_id: str
    product: str
    state: LotState
    opened_by: str
    opened_at: datetime
    closed_by: str
    closed_at: datetime | None
    accepted: int
    rejected: int
    refused: int
    challenges: tuple[ChallengeRun, ...]
    in_doubt: StripsInDoubt | None
