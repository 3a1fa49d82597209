"""How long an answer may take: the slot, counted from the last frame's arrival, and the call's own deadline."""

from collections.abc import Callable
from dataclasses import dataclass

from stripsight.errors import SlotTooShort

# Kept for writing the reply and sending it. Measured: 5 ms for a reply with 60 heatmaps on 2 cores.
REPLY_S = 0.010
# Kept for the commit of its record, whose 99th percentile is to stay below this.
RECORD_S = 0.010
# With less than this left nothing can be decoded, let alone inspected.
FLOOR_S = 0.010


@dataclass(frozen=True)
class Slot:
    """The time of one call; all times are the clock's.

    `arrived` tells when the request came, or the last message of a stream so far; `ends` is the call's deadline.
    """

    duration_s: float
    ends: float
    arrived: Callable[[], float]

    @property
    def leaves(self) -> float:
        """When the answer has to leave."""
        return min(self.arrived() + self.duration_s, self.ends) - REPLY_S

    @property
    def deadline(self) -> float:
        """When the answer has to be there, to go on record before it leaves."""
        return self.leaves - RECORD_S

    def check(self, now: float) -> None:
        """Raise SlotTooShort when there is no time left for an inspection."""
        if self.deadline - now < FLOOR_S:
            budget_ms = round(min(self.duration_s, self.ends - self.arrived()) * 1000)
            raise SlotTooShort(
                f"{budget_ms} ms are too short for an inspection; it was not begun",
                budget_ms=budget_ms,
            )
