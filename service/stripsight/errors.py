"""Exceptions with a stable reason and named facts.

`reason` is part of the API: a client may branch on it, so it never changes once released. `facts` hold what
was expected and what was found, as text, ready for a structured log line or `ErrorInfo.metadata`.
"""

from typing import ClassVar

UNKNOWN = "The service failed; its log says why. This is not an accept."
"""All that a client is told of a fault that nobody expected."""


class StripsightError(Exception):
    """Anything Stripsight refuses or fails at.

    `message` is a sentence for a person, `field` the path of the offending input (empty when there is none),
    `facts` the values the sentence speaks of.
    """

    reason: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, field: str = "", **facts: str | int | float) -> None:
        """Keep the sentence, the field and the facts; the facts become text."""
        super().__init__(message)
        self.message = message
        self.field = field
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}


class InvalidRequest(StripsightError):
    """The call is wrong: it names a field, and repeating it unchanged fails again."""

    reason = "INVALID_REQUEST"


class FrameCountError(InvalidRequest):
    """Too few or too many frames for the recipe."""

    reason = "FRAME_COUNT"


class FrameIndexError(InvalidRequest):
    """A frame index that the recipe does not inspect, or one sent twice."""

    reason = "FRAME_INDEX"


class FrameSizeError(InvalidRequest):
    """Width, height or number of bytes differ from what the recipe and format say."""

    reason = "FRAME_SIZE"


class PixelFormatError(InvalidRequest):
    """A format, depth or colour type that the recipe does not take, or a sample above the format's range."""

    reason = "PIXEL_FORMAT"


class FrameDigestError(InvalidRequest):
    """The bytes that arrived are not the bytes that were sent."""

    reason = "FRAME_DIGEST"


class FrameUnreadable(InvalidRequest):
    """The bytes are intact but are not a complete picture."""

    reason = "FRAME_UNREADABLE"


class HeaderError(InvalidRequest):
    """A stream that does not begin with its header, or has a second one."""

    reason = "HEADER"


class IdInvalid(InvalidRequest):
    """A strip or lot id that is empty, too long or holds other than plain characters."""

    reason = "ID_INVALID"


class ProductMismatch(InvalidRequest):
    """The machine runs one product, the bundle inspects another."""

    reason = "PRODUCT_MISMATCH"


class OptionsInvalid(InvalidRequest):
    """An option outside its closed list."""

    reason = "OPTIONS_INVALID"


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


class RecipeError(StripsightError):
    """recipe.toml does not describe an inspection."""

    reason = "RECIPE_INVALID"


class BundleError(StripsightError):
    """A bundle that cannot be used; the subclasses say why."""

    reason = "BUNDLE_INVALID"


class BundleNotFound(BundleError):
    """No directory, or no manifest in it."""

    reason = "BUNDLE_NOT_FOUND"


class BundleExists(BundleError):
    """The place to write to is taken; bundles are immutable."""

    reason = "BUNDLE_EXISTS"


class BundleVersionError(BundleError):
    """A schema version that this service does not read."""

    reason = "BUNDLE_VERSION"


class BundlePathError(BundleError):
    """A symlink, a special file, or a path that leaves the bundle."""

    reason = "BUNDLE_PATH"


class BundleFileMissing(BundleError):
    """The manifest lists a file that is not there."""

    reason = "BUNDLE_FILE_MISSING"


class BundleFileUnlisted(BundleError):
    """A file that the manifest does not list."""

    reason = "BUNDLE_FILE_UNLISTED"


class BundleFileChanged(BundleError):
    """A file's bytes do not have the digest in the manifest."""

    reason = "BUNDLE_FILE_CHANGED"


class BundleThresholdsError(BundleError):
    """Thresholds that are not numbers above zero, or not for the recipe's regions."""

    reason = "BUNDLE_THRESHOLDS"


class BundleGraphUnsafe(BundleError):
    """A graph with more in it than standard operators and its own weights."""

    reason = "BUNDLE_GRAPH_UNSAFE"


class BundleGraphSignature(BundleError):
    """A graph whose inputs or outputs are not those of an inspection of this recipe."""

    reason = "BUNDLE_GRAPH_SIGNATURE"


class BundleChallengeInvalid(BundleError):
    """A challenge set that is not complete strips of this recipe with scores and verdicts."""

    reason = "BUNDLE_CHALLENGE_INVALID"


class ChallengeError(BundleError):
    """The engine does not reproduce the challenge set's scores or verdicts."""

    reason = "BUNDLE_CHALLENGE_FAILED"


class ProviderError(StripsightError):
    """The provider asked for is not the one in use."""

    reason = "PROVIDER_UNAVAILABLE"


class EngineError(StripsightError):
    """The engine failed at, or came back with something other than, an inference. Stop serving."""

    reason = "ENGINE_FAILED"


class ScoresError(EngineError):
    """Scores of the wrong count, shape or type. Stop serving."""

    reason = "SCORES_INVALID"


class IdReused(InvalidRequest):
    """The ids are those of another strip: they are on record with other frames."""

    reason = "ID_REUSED"


class RecordError(StripsightError):
    """The record cannot be written or read. Stop serving; a commit that failed is never tried again."""

    reason = "RECORD_FAILED"


class RecordsInUse(RecordError):
    """Another service keeps its record in this directory."""

    reason = "RECORDS_IN_USE"


class RecordsDamaged(RecordError):
    """The record that is there does not hold together."""

    reason = "RECORDS_DAMAGED"
