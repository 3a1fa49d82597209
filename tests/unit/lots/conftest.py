"""Notes about one lot, placed as the record places them."""

from datetime import UTC, datetime, timedelta

import pytest

from stripsight.lots.lot import ChallengeRun, Occasion
from stripsight.lots.notes import Answered, Challenged, Closed, Note, Opened, Overruled

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


class Story:
    """A lot's notes; each `add` is the next record, one second later."""

    def __init__(self, lot_id: str = "L-1") -> None:
        """Begin without notes."""
        self.lot_id = lot_id
        self.seq = 0
        self.notes: list[Note] = []

    def _at(self) -> datetime:
        self.seq += 1
        return BEGAN + timedelta(seconds=self.seq)

    def challenge(self, occasion: Occasion, *missed: str, began: int | None = None) -> "Story":
        """Challenge strips ran, and began after record `began`."""
        before, at = self.seq, self._at()
        run = ChallengeRun(at, occasion, 2, missed, before if began is None else began, self.seq)
        self.notes.append(Challenged(self.lot_id, run))
        return self

    def open(self) -> "Story":
        """The lot was opened."""
        self.notes.append(Opened(self.lot_id, "product", "Ada", self._at()))
        return self

    def close(self) -> "Story":
        """The lot was closed."""
        self.notes.append(Closed(self.lot_id, "Bert", self._at()))
        return self

    def strips(self, *outcomes: str) -> "Story":
        """Strips were answered; each is called by the number of its record."""
        for outcome in outcomes:
            self._at()
            self.notes.append(Answered(self.lot_id, f"S-{self.seq}", outcome, self.seq))
        return self

    def overrule(self, seq: int) -> "Story":
        """The verdict of a record left too late."""
        self._at()
        self.notes.append(Overruled(self.lot_id, seq))
        return self


@pytest.fixture
def story() -> Story:
    """A lot L-1 that was opened after a challenge: records 1 and 2."""
    return Story().challenge(Occasion.START).open()
