"""When challenge strips are due between the first and the last of a lot. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """Whichever comes first: so many judged strips, or so many seconds, since the last run; 0 for neither."""

    strips: int = 0
    seconds: float = 0.0

    def due(self, strips: int, seconds: float) -> bool:
        """Tell whether a run is due after so much of each."""
        by_strips = 0 < self.strips <= strips
        by_time = 0 < self.seconds <= seconds
        return by_strips or by_time
