"""What the service cannot do now, or failed at."""

from stripsight.errors.base import StripsightError


class NotReady(StripsightError):
    """The service is starting, draining or has stopped serving."""

    reason = "NOT_READY"


class Overloaded(StripsightError):
    """One inspection runs and the bounded few already wait."""

    reason = "OVERLOADED"


class StreamIdle(StripsightError):
    """A machine that sent no further frame of a strip for too long."""

    reason = "STREAM_IDLE"


class StreamLeft(StripsightError):
    """A client that left, or whose deadline passed, before all frames of its strip had come."""

    reason = "STREAM_LEFT"


class SlotTooShort(StripsightError):
    """The deadline has passed, or leaves no time, before anything was computed."""

    reason = "SLOT_TOO_SHORT"


class ProviderError(StripsightError):
    """The provider asked for is not the one in use."""

    reason = "PROVIDER_UNAVAILABLE"


class EngineError(StripsightError):
    """The engine failed at, or came back with something other than, an inference. Stop serving."""

    reason = "ENGINE_FAILED"


class ScoresError(EngineError):
    """Scores of the wrong count, shape or type. Stop serving."""

    reason = "SCORES_INVALID"
