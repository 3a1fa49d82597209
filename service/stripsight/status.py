"""How the service is."""

from dataclasses import dataclass
from enum import StrEnum

from stripsight.alarms import Alarm
from stripsight.bundle import Bundle
from stripsight.lots.lot import Lot


class Readiness(StrEnum):
    """Whether strips are inspected; only a serving station does."""

    STARTING = "STARTING"
    SERVING = "SERVING"
    PAUSED = "PAUSED"
    DRAINING = "DRAINING"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Status:
    """What runs and how it is. `provider` is empty until the engine has started.

    In `development_mode` bundles are served that no trusted key has signed.
    """

    bundle: Bundle
    provider: str
    readiness: Readiness
    reason: str
    heartbeat: int
    slot_s: float
    uptime_s: float
    alarms: tuple[Alarm, ...] = ()
    development_mode: bool = False
    lot: Lot | None = None
