"""One bundle at work. A strip takes it when it comes, and is judged, recorded and watched by it alone."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from stripsight.alarms import Alarm
from stripsight.bundle import Bundle
from stripsight.checks import RecentFrames
from stripsight.drift.watch import DriftWatch
from stripsight.engine import Engine
from stripsight.inspector import Inspector
from stripsight.journal.answers import Source
from stripsight.timing import Clock


@dataclass(frozen=True)
class LiveBundle:
    """A bundle with what works by it; never changed, only replaced.

    `inspector` and `engine` are None and `provider` empty until its engine has started; `drift` is None without a
    baseline. `since` is in UTC; `activated_by` says who made it the one that serves, empty when it was there at the
    start.
    """

    bundle: Bundle
    inspector: Inspector | None = None
    engine: Engine | None = None
    provider: str = ""
    drift: DriftWatch | None = None
    since: datetime | None = None
    activated_by: str = ""

    @property
    def recent(self) -> RecentFrames:
        """The frames of past strips."""
        return self.inspector.recent if self.inspector else RecentFrames()

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What its drift watch says."""
        return self.drift.alarms if self.drift else ()

    @property
    def source(self) -> Source:
        """What its records share."""
        return Source(self.bundle, self.provider)


def live(
    bundle: Bundle, engine: Engine, recent: RecentFrames, *, activated_by: str = "", clock: Clock = time.monotonic
) -> LiveBundle:
    """Return `bundle` at work on `engine` from now on.

    `recent` are the frames of past strips, by whatever bundle; `clock` is the one that deadlines are given in.
    """
    drift = DriftWatch(bundle.baseline, bundle.recipe) if bundle.baseline else None
    inspector = Inspector(bundle, engine, clock, recent)
    return LiveBundle(bundle, inspector, engine, engine.provider, drift, datetime.now(UTC), activated_by)
