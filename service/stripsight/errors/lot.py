"""What a lot does not allow."""

from stripsight.errors.base import StripsightError


class LotError(StripsightError):
    """The lot is in another state than the call needs; the subclasses say which."""

    reason = "LOT_STATE"


class LotOpen(LotError):
    """Another lot is open."""

    reason = "LOT_OPEN"


class LotExists(LotError):
    """The lot was opened before."""

    reason = "LOT_EXISTS"


class LotUnknown(LotError):
    """No such lot was opened, or none is open."""

    reason = "LOT_UNKNOWN"


class LotNotOpen(LotError):
    """The lot is not the open one."""

    reason = "LOT_NOT_OPEN"


class LotStopped(LotError):
    """A challenge strip was not judged as it must be, and no challenge has passed since."""

    reason = "LOT_STOPPED"


class ChallengeMissed(LotError):
    """A challenge strip was not judged as it must be: the lot was not opened."""

    reason = "CHALLENGE_MISSED"
