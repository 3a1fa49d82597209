"""What each wrong call gets: a status code, one ErrorInfo, and the field that is wrong."""

from collections.abc import Callable
from typing import Any

import google_crc32c
import grpc
import pytest
from google.protobuf import timestamp_pb2

from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1.inspection_service_pb2 import (
    InspectStripRequest,
)
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub

FAR_S = 60.0

Change = Callable[[InspectStripRequest], object]


def field(name: str, value: object) -> Change:
    """Return what sets a field of the request."""
    return lambda request: setattr(request, name, value)


def frame(position: int, **values: object) -> Change:
    """Return what sets fields of one frame; new data get a digest that fits."""

    def apply(request: InspectStripRequest) -> None:
        at = request.frames[position]
        for name, value in values.items():
            setattr(at, name, value)
        if "data" in values:
            at.crc32c = google_crc32c.value(at.data)

    return apply


def mono10(request: InspectStripRequest) -> None:
    """Send a frame as MONO10 with one sample of 1024."""
    at = request.frames[0]
    samples = at.width_px * at.height_px
    frame(0, pixel_format=pb.PIXEL_FORMAT_MONO10, data=b"\0\4" + bytes(2 * (samples - 1)))(request)


PNG_OF_NOTHING = b"\x89PNG\r\n\x1a\n"
WRONG: dict[str, tuple[Change, str, str]] = {
    "no strip id": (field("strip_id", ""), "ID_INVALID", "strip_id"),
    "a long strip id": (field("strip_id", "s" * 65), "ID_INVALID", "strip_id"),
    "a huge strip id": (field("strip_id", "s" * 1_000_000), "ID_INVALID", "strip_id"),
    "a strip id of two lines": (field("strip_id", "S-1\nverdict=ACCEPT"), "ID_INVALID", "strip_id"),
    "a strip id that paints": (field("strip_id", "\x1b[31mS-1"), "ID_INVALID", "strip_id"),
    "a strip id not of ASCII": (field("strip_id", "S-١"), "ID_INVALID", "strip_id"),
    "no lot id": (field("lot_id", ""), "ID_INVALID", "lot_id"),
    "a lot id with a space": (field("lot_id", "L 1"), "ID_INVALID", "lot_id"),
    "no number": (field("strip_seq", 0), "ID_INVALID", "strip_seq"),
    "a number beyond 63 bits": (field("strip_seq", 2**63), "ID_INVALID", "strip_seq"),
    "no product": (field("product", ""), "PRODUCT_MISMATCH", "product"),
    "another product": (field("product", "one-item"), "PRODUCT_MISMATCH", "product"),
    "a hostile product": (field("product", "\x1b]0;x\x07\n" * 1000), "PRODUCT_MISMATCH", "product"),
    "no frames": (lambda request: request.ClearField("frames"), "FRAME_COUNT", "frames"),
    "a frame too few": (lambda request: request.frames.pop(), "FRAME_COUNT", "frames"),
    "a frame too many": (lambda r: r.frames.append(r.frames[0]), "FRAME_COUNT", "frames"),
    "an index that is not inspected": (frame(1, index=8), "FRAME_INDEX", "frames[1].index"),
    "an index twice": (frame(2, index=7), "FRAME_INDEX", "frames[2].index"),
    "another width": (frame(1, width_px=409), "FRAME_SIZE", "frames[1].width_px"),
    "no height": (frame(1, height_px=0), "FRAME_SIZE", "frames[1].height_px"),
    "no data": (frame(0, data=b""), "FRAME_SIZE", "frames[0].data"),
    "a row too few": (frame(0, data=bytes(408 * 143)), "FRAME_SIZE", "frames[0].data"),
    "no format": (frame(2, pixel_format=0), "PIXEL_FORMAT", "frames[2].pixel_format"),
    "an unknown format": (frame(2, pixel_format=99), "PIXEL_FORMAT", "frames[2].pixel_format"),
    "a sample above the format": (mono10, "PIXEL_FORMAT", "frames[0].data"),
    "another digest": (frame(2, crc32c=1), "FRAME_DIGEST", "frames[2].crc32c"),
    "a damaged PNG": (
        frame(0, pixel_format=pb.PIXEL_FORMAT_PNG, data=PNG_OF_NOTHING),
        "FRAME_UNREADABLE",
        "frames[0].data",
    ),
    "a time that is none": (
        lambda r: r.frames[1].capture_time.CopyFrom(timestamp_pb2.Timestamp(seconds=2**60)),
        "OPTIONS_INVALID",
        "frames[1].capture_time",
    ),
    "an unknown choice of heatmaps": (
        lambda r: r.heatmaps.MergeFromString(b"\x08\x63"),  # 1: 99
        "OPTIONS_INVALID",
        "heatmaps.which",
    ),
    "an unknown style": (
        lambda r: r.heatmaps.MergeFromString(b"\x10\x63"),  # 2: 99
        "OPTIONS_INVALID",
        "heatmaps.style",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_names_its_field(
    name: str, channel: grpc.Channel, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """INVALID_ARGUMENT with the reason that never changes, the path of the field, and plain short text."""
    change, reason, where = WRONG[name]
    change(request_message)
    error, status = refused(channel, request_message.SerializeToString())
    info, fields = details(status)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (info.reason, info.domain, fields) == (reason, "stripsight", [where])
    text = [status.message, *info.metadata.values()]
    assert all(value.isascii() and value.isprintable() and len(value) <= 300 for value in text)


def test_the_right_call_that_the_others_change_is_answered(
    channel: grpc.Channel, request_message: InspectStripRequest
) -> None:
    """Every row above is wrong in that one thing only."""
    reply = InspectionServiceStub(channel).InspectStrip(request_message, timeout=FAR_S)
    assert reply.inspection.verdict == pb.VERDICT_ACCEPT


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x01\xff", b"\x2a\x03\x0a" * 7])
def test_a_message_that_is_none_is_refused_with_details(
    channel: grpc.Channel, data: bytes, refused: Any, details: Any
) -> None:
    """Bytes that are no message, or text that is not UTF-8, are INVALID_ARGUMENT like any wrong call."""
    error, status = refused(channel, data)
    info, fields = details(status)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (info.reason, fields) == ("INVALID_REQUEST", [])


def test_a_message_above_the_limit_is_refused(channel: grpc.Channel, request_message: InspectStripRequest) -> None:
    """The limit follows from the recipe's frames; gRPC itself ends the call, so there are no details."""
    request_message.frames[0].data = bytes(4 << 20)
    with pytest.raises(grpc.RpcError) as error:
        InspectionServiceStub(channel).InspectStrip(request_message, timeout=FAR_S)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("encoding", ["MONO8", "MONO12", "PNG"])
def test_the_largest_frames_of_each_format_are_below_the_limit(
    encoding: str, channel: grpc.Channel, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """A call with frames as large as the recipe allows reaches the service."""
    for at in request_message.frames:
        at.pixel_format = pb.PixelFormat.Value(f"PIXEL_FORMAT_{encoding}")
        at.data = bytes(at.width_px * at.height_px * 2 + at.height_px + (1 << 16))
    _, status = refused(channel, request_message.SerializeToString())
    assert details(status)[0].reason in ("FRAME_DIGEST", "FRAME_SIZE")
