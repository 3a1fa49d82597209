"""What the record says about lots: one note a record, in the record's order."""

from dataclasses import dataclass
from datetime import datetime

from stripsight.lots.lot import ChallengeRun


@dataclass(frozen=True)
class Challenged:
    """Challenge strips ran in a lot, or before it was opened."""

    lot_id: str
    run: ChallengeRun


@dataclass(frozen=True)
class Opened:
    """A lot was opened."""

    lot_id: str
    product: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Closed:
    """A lot was closed."""

    lot_id: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Answered:
    """A strip was answered: `outcome` is ACCEPT, REJECT or REFUSED."""

    lot_id: str
    strip_id: str
    outcome: str
    seq: int


@dataclass(frozen=True)
class Overruled:
    """The verdict of record `seq` left too late, as a reject."""

    lot_id: str
    seq: int


Note = Challenged | Opened | Closed | Answered | Overruled
