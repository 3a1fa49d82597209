"""What there is to change to, and what is told of a bundle that the next start will not serve."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from stripsight.alarms import Alarm, AlarmCode
from stripsight.bundle.shelf import Found
from stripsight.bundle.terms import Terms
from stripsight.errors import BundleProduct
from stripsight.live import LiveBundle


class State(StrEnum):
    """How a bundle is: it judges, it judged before and can be rolled back to, or it is there."""

    ACTIVE = "ACTIVE"
    PREVIOUS = "PREVIOUS"
    AVAILABLE = "AVAILABLE"


def with_misfit(found: Found, now: Terms) -> Found:
    """Return `found` with a problem if it cannot take the place of a bundle of the terms `now`."""
    try:
        if found.terms is not None:
            found.terms.check(now)
    except BundleProduct as error:
        return replace(found, problem=f"{found.path.name}: {error.reason}: {error.message}")
    return found


def not_configured(now: LiveBundle, configured: str) -> tuple[Alarm, ...]:
    """Return the alarm that another bundle serves than the one of the id `configured`, which the next start will."""
    if now.bundle.bundle_id == configured:
        return ()
    message = f"bundle {now.bundle.bundle_id[:12]} serves; the next start will serve {configured[:12]}"
    since = now.since or datetime.now(UTC)
    return (Alarm(AlarmCode.BUNDLE_NOT_CONFIGURED, message, since, urgent=False),)
