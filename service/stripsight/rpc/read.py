"""Messages to values. Enums go by name: a missing counterpart fails at import, not in a call."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError

from stripsight import ahead
from stripsight.errors import (
    HeaderError,
    IdInvalid,
    InvalidRequest,
    OptionsInvalid,
    PixelFormatError,
    ProductMismatch,
)
from stripsight.frame import FrameData
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import inspection_service_pb2 as service_pb
from stripsight.recipe import PixelFormat
from stripsight.station.arrivals import Opening, Part, header_error
from stripsight.strip import HeatmapOptions, HeatmapStyle, HeatmapWhich, StripHeader, StripKey, StripRequest

_PIXEL_FORMATS = {pb.PixelFormat.Value(f"PIXEL_FORMAT_{member}"): member for member in PixelFormat}
_WHICH = {pb.HeatmapWhich.Value(f"HEATMAP_WHICH_{member.name}"): member for member in HeatmapWhich}
_STYLES = {pb.HeatmapStyle.Value(f"HEATMAP_STYLE_{member.name}"): member for member in HeatmapStyle}
_SEQ_MAX = 2**63 - 1  # what a database's signed integer holds


def strip_key(message: service_pb.InspectStripRequest | service_pb.StripHeader) -> StripKey:
    """Read which strip it is about. Raises IdInvalid."""
    if not 1 <= message.strip_seq <= _SEQ_MAX:
        raise IdInvalid(
            f"strip_seq: expected 1 to 2^63 - 1, found {message.strip_seq}",
            field="strip_seq",
            found=message.strip_seq,
        )
    return StripKey(message.lot_id, message.strip_id, message.strip_seq, message.simulated)


def strip_ahead(metadata: Iterable[tuple[str, str | bytes]]) -> StripKey | None:
    """Read which strip a call is about before its message, None when that is not said.

    Raises IdInvalid, and HeaderError for what is no StripHeader.
    """
    for name, value in metadata:
        if name == ahead.STRIP and isinstance(value, bytes):
            try:
                return strip_key(service_pb.StripHeader.FromString(value))
            except DecodeError:
                raise header_error(f"a StripHeader in {ahead.STRIP}", "none") from None
    return None


def strip_request(message: service_pb.InspectStripRequest, key: StripKey) -> StripRequest:
    """Read a request about the strip `key`. Raises an InvalidRequest that names the field."""
    if (found := strip_key(message)) != key:
        raise header_error(f"the strip that was named ahead, number {key.strip_seq}", f"number {found.strip_seq}")
    fields = _header(message)
    frames = tuple(_frame(frame, f"frames[{position}]") for position, frame in enumerate(message.frames))
    return StripRequest(frames=frames, **fields)


def strip_header(message: service_pb.StripHeader) -> StripHeader:
    """Read a header whose key is right. Raises an InvalidRequest that names the field."""
    return StripHeader(**_header(message))


def stream_part(message: service_pb.InspectFramesRequest, position: int) -> Part:
    """Read message `position` of a stream, the header being number 0. Raises an InvalidRequest that names the field."""
    part = message.WhichOneof("part")
    if part == "header":
        return Opening(strip_key(message.header), partial(strip_header, message.header))
    if part == "frame":
        return _frame(message.frame, f"frames[{position - 1}]")
    if position == 0:
        raise HeaderError("expected a header as the first message, found an empty one", field="header", found="nothing")
    raise InvalidRequest(f"message {position}: expected a frame, found an empty one", field="part")


def _header(message: service_pb.InspectStripRequest | service_pb.StripHeader) -> dict[str, Any]:
    """Return the fields of a StripHeader."""
    if not message.product:
        raise ProductMismatch("product: expected the name of the product on the machine, found none", field="product")
    return {
        "strip_id": message.strip_id,
        "lot_id": message.lot_id,
        "strip_seq": message.strip_seq,
        "heatmaps": heatmap_options(message.heatmaps, "heatmaps"),
        "product": message.product,
        "simulated": message.simulated,
    }


def _frame(message: pb.Frame, field: str) -> FrameData:
    pixel_format = _PIXEL_FORMATS.get(message.pixel_format)
    if pixel_format is None:
        names = ", ".join(_PIXEL_FORMATS.values())
        raise PixelFormatError(
            f"{field}: expected one of the formats {names}, found number {message.pixel_format}",
            field=f"{field}.pixel_format",
            expected=names,
            found=message.pixel_format,
        )
    return FrameData(
        index=message.index,
        data=message.data,
        pixel_format=pixel_format,
        width_px=message.width_px,
        height_px=message.height_px,
        crc32c=message.crc32c,
        capture_time=_capture_time(message, f"{field}.capture_time"),
    )


def _capture_time(message: pb.Frame, field: str) -> datetime | None:
    if not message.HasField("capture_time"):
        return None
    try:
        return message.capture_time.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise OptionsInvalid(f"{field}: expected a time in the years 1 to 9999, found none", field=field) from error


def heatmap_options(message: pb.HeatmapOptions, field: str) -> HeatmapOptions:
    """Read which heatmaps are wanted; `field` is where that is said. Raises OptionsInvalid."""
    which = _WHICH.get(message.which or pb.HEATMAP_WHICH_REJECTED)
    style = _STYLES.get(message.style or pb.HEATMAP_STYLE_ANCHORED)
    if which is None:
        raise OptionsInvalid(f"{field}.which: found unknown number {message.which}", field=f"{field}.which")
    if style is None:
        raise OptionsInvalid(f"{field}.style: found unknown number {message.style}", field=f"{field}.style")
    return HeatmapOptions(which=which, style=style)
