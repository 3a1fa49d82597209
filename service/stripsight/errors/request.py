"""What is wrong with a call: repeating it unchanged fails again."""

from stripsight.errors.base import StripsightError


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


class IdReused(InvalidRequest):
    """The ids are those of another strip: they are on record with other frames."""

    reason = "ID_REUSED"


class ProductMismatch(InvalidRequest):
    """The machine runs one product, the bundle inspects another."""

    reason = "PRODUCT_MISMATCH"


class PageTokenInvalid(InvalidRequest):
    """A page token that did not come from this service with these filters."""

    reason = "PAGE_TOKEN_INVALID"


class OptionsInvalid(InvalidRequest):
    """An option outside its closed list."""

    reason = "OPTIONS_INVALID"


class WhyRequired(InvalidRequest):
    """Nothing is said for the record about why something is done."""

    reason = "WHY_REQUIRED"


class WhoRequired(InvalidRequest):
    """Nobody is named, or not with 1 to 64 printable characters, for what goes on record with a name."""

    reason = "WHO_REQUIRED"
