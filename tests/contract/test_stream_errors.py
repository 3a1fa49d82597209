"""What each wrong stream gets: a status code, one ErrorInfo, and the field that is wrong."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_status import rpc_status

from stripsight.bundle import Bundle
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1.inspection_service_pb2 import (
    InspectFramesRequest,
    InspectFramesResponse,
    InspectStripRequest,
    StripHeader,
)
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub
from stripsight.rpc.server import Server

FAR_S = 60.0
INSPECT_FRAMES = "/stripsight.inspection.v1.InspectionService/InspectFrames"

Messages = list[InspectFramesRequest]
Change = Callable[[Messages], object]


@pytest.fixture
def messages(request_message: InspectStripRequest) -> Messages:
    """A right call about a good strip: the header, then three frames."""
    header = StripHeader(
        strip_id="S-1", lot_id="L-1", strip_seq=request_message.strip_seq, product=request_message.product
    )
    frames = [InspectFramesRequest(frame=frame) for frame in request_message.frames]
    return [InspectFramesRequest(header=header), *frames]


def header(name: str, value: object) -> Change:
    """Return what sets a field of the header."""
    return lambda messages: setattr(messages[0].header, name, value)


def frame(position: int, name: str, value: object) -> Change:
    """Return what sets a field of the frame that is sent as number `position`."""
    return lambda messages: setattr(messages[1 + position].frame, name, value)


def again(messages: Messages, at: int, to: int) -> None:
    """Send a message a second time, before the one that is at `to`."""
    messages.insert(to, messages[at])


WRONG: dict[str, tuple[Change, str, list[str]]] = {
    "nothing at all": (lambda m: m.clear(), "HEADER", ["header"]),
    "no header": (lambda m: m.pop(0), "HEADER", ["header"]),
    "an empty header message": (lambda m: m[0].Clear(), "HEADER", ["header"]),
    "the header twice": (lambda m: again(m, 0, 2), "HEADER", ["header"]),
    "the header at the end": (lambda m: again(m, 0, 4), "HEADER", ["header"]),
    "an empty message": (lambda m: m[2].Clear(), "INVALID_REQUEST", ["part"]),
    "no strip id": (header("strip_id", ""), "ID_INVALID", ["strip_id"]),
    "a lot id with a space": (header("lot_id", "L 1"), "ID_INVALID", ["lot_id"]),
    "no number": (header("strip_seq", 0), "ID_INVALID", ["strip_seq"]),
    "no product": (header("product", ""), "PRODUCT_MISMATCH", ["product"]),
    "another product": (header("product", "one-item"), "PRODUCT_MISMATCH", ["product"]),
    "an unknown choice of heatmaps": (
        lambda m: m[0].header.heatmaps.MergeFromString(b"\x08\x63"),  # 1: 99
        "OPTIONS_INVALID",
        ["heatmaps.which"],
    ),
    "no frames": (lambda m: m.__delitem__(slice(1, None)), "FRAME_COUNT", ["frames"]),
    "a frame missing": (lambda m: m.pop(2), "FRAME_COUNT", ["frames"]),
    "a frame too many": (lambda m: again(m, 1, 4), "FRAME_COUNT", ["frames"]),
    "a frame twice": (lambda m: again(m, 1, 2), "FRAME_INDEX", ["frames[1].index"]),
    "an index that is not inspected": (frame(1, "index", 8), "FRAME_INDEX", ["frames[1].index"]),
    "another width": (frame(1, "width_px", 409), "FRAME_SIZE", ["frames[1].width_px"]),
    "no data": (frame(2, "data", b""), "FRAME_DIGEST", ["frames[2].crc32c"]),
    "no format": (frame(0, "pixel_format", 0), "PIXEL_FORMAT", ["frames[0].pixel_format"]),
    "another digest": (frame(0, "crc32c", 1), "FRAME_DIGEST", ["frames[0].crc32c"]),
    "a damaged last frame": (frame(2, "crc32c", 1), "FRAME_DIGEST", ["frames[2].crc32c"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_stream_names_its_field(name: str, channel: grpc.Channel, messages: Messages, details: Any) -> None:
    """INVALID_ARGUMENT with the reason that never changes and the path of the field; there is no inspection."""
    change, reason, where = WRONG[name]
    change(messages)
    error, status = refused(channel, [message.SerializeToString() for message in messages])
    info, fields = details(status)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (info.reason, info.domain, fields) == (reason, "stripsight", where)


def test_the_right_stream_that_the_others_change_is_answered(channel: grpc.Channel, messages: Messages) -> None:
    """Every row above is wrong in that one thing only: here one message comes back, an accept."""
    (answer,) = InspectionServiceStub(channel).InspectFrames(iter(messages), timeout=FAR_S)
    assert answer.inspection.verdict == pb.VERDICT_ACCEPT


@pytest.mark.parametrize("at", [0, 2])
def test_a_message_that_is_none_is_refused_with_details(
    at: int, channel: grpc.Channel, messages: Messages, details: Any
) -> None:
    """Bytes that are no message are INVALID_ARGUMENT like any wrong call, wherever they come."""
    data = [message.SerializeToString() for message in messages]
    data[at] = b"\xff"
    error, status = refused(channel, data)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details(status)[0].reason == "INVALID_REQUEST"


def test_a_machine_that_stops_sending_ends_with_a_status(
    serve: Callable[..., Server], strip_bundle: Bundle, messages: Messages, details: Any
) -> None:
    """STREAM_IDLE by the server's own setting, and its place is free again."""
    server = serve(strip_bundle, stream_idle_ms=1, waiting=0)
    server.start()
    server.ready()
    with grpc.insecure_channel(str(server.address)) as channel:
        for sent in (0, 1, 3):
            messages[0].header.strip_seq += 1000  # a strip of its own
            error, status = refused(channel, [m.SerializeToString() for m in messages[:sent]], ends=False)
            assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            assert details(status)[0].reason == "STREAM_IDLE"


def test_before_it_is_ready_and_in_too_short_a_slot_a_stream_is_refused(
    serve: Callable[..., Server], strip_bundle: Bundle, messages: Messages, details: Any
) -> None:
    """NOT_READY and SLOT_TOO_SHORT at once, before any frame."""
    server = serve(strip_bundle, slot_ms=15)
    server.start()
    reasons = []
    with grpc.insecure_channel(str(server.address)) as channel:
        reasons.append(details(refused(channel, [messages[0].SerializeToString()], ends=False)[1])[0].reason)
        server.ready()
        messages[0].header.strip_seq += 1  # the first refusal is on record
        reasons.append(details(refused(channel, [messages[0].SerializeToString()], ends=False)[1])[0].reason)
    assert reasons == ["NOT_READY", "SLOT_TOO_SHORT"]


def refused(channel: grpc.Channel, data: list[bytes], *, ends: bool = True) -> tuple[grpc.RpcError, status_pb2.Status]:
    """Send bytes as a stream that is refused, and leave it open unless it `ends`; the error and the status in it."""
    call = channel.stream_stream(INSPECT_FRAMES, bytes, InspectFramesResponse.FromString)
    done = threading.Event()

    def sent() -> Iterator[bytes]:
        yield from data
        if not ends:
            done.wait(FAR_S)

    with pytest.raises(grpc.RpcError) as error:
        assert not [answer for answer in call(sent(), timeout=FAR_S) if answer.HasField("inspection")]
    done.set()
    assert isinstance(error.value, grpc.Call)
    status = rpc_status.from_call(error.value)
    assert status is not None
    return error.value, status
