"""What a call that names its strip ahead of its message may say, and what it gets when that is wrong."""

from typing import Any

import grpc
import pytest

from stripsight import ahead
from stripsight.client.messages import strip_ahead
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest, InspectStripResponse, StripHeader

FAR_S = 60.0
INSPECT = "/stripsight.inspection.v1.InspectionService/InspectStrip"


def called(channel: grpc.Channel, messages: list[bytes], named: bytes | None) -> InspectStripResponse:
    """Send bytes as the messages of InspectStrip, and bytes ahead of them."""
    call = channel.stream_unary(INSPECT, bytes, InspectStripResponse.FromString)
    metadata = None if named is None else ((ahead.STRIP, named),)
    reply: InspectStripResponse = call(iter(messages), timeout=FAR_S, metadata=metadata)
    return reply


def name_of(request: InspectStripRequest) -> bytes:
    """Return what the client library says ahead of a request."""
    ((name, value),) = strip_ahead(request)
    assert name == ahead.STRIP
    return value


def test_a_strip_is_judged_alike_whether_it_is_named_ahead_or_not(
    channel: grpc.Channel, request_message: InspectStripRequest
) -> None:
    """A client may leave it out; the repeat, named, finds the record of the first."""
    data = request_message.SerializeToString()
    replies = [called(channel, [data], named).inspection for named in (None, name_of(request_message))]
    assert [reply.verdict for reply in replies] == [pb.VERDICT_ACCEPT] * 2
    assert replies[0].record_seq == replies[1].record_seq


def header(number: int, strip_id: str = "S-2") -> bytes:
    """Return the name of another strip than the request's."""
    return StripHeader(strip_id=strip_id, lot_id="L", strip_seq=number).SerializeToString()


WRONG: dict[str, tuple[bytes, list[bytes] | None, str, list[str]]] = {
    "bytes that are no header": (b"\xff", None, "HEADER", ["header"]),
    "no strip": (b"", None, "ID_INVALID", ["strip_seq"]),
    "an id with a line's end": (header(1, "S\n1"), None, "ID_INVALID", ["strip_id"]),
    "another strip": (header(8_000_001), None, "HEADER", ["header"]),
    "a message that is none": (header(8_000_002), [b"\xff"], "INVALID_REQUEST", []),
    "no message": (header(8_000_003), [], "INVALID_REQUEST", []),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_it_is_told(
    name: str, channel: grpc.Channel, request_message: InspectStripRequest, status_in: Any, details: Any
) -> None:
    """INVALID_ARGUMENT with its reason and field; the place is free again for the right call."""
    named, messages, reason, where = WRONG[name]
    data = request_message.SerializeToString()
    with pytest.raises(grpc.RpcError) as error:
        called(channel, [data] if messages is None else messages, named)
    info, fields = details(status_in(error.value))
    assert (error.value.code(), info.reason, fields) == (grpc.StatusCode.INVALID_ARGUMENT, reason, where)
    assert called(channel, [data], name_of(request_message)).inspection.verdict == pb.VERDICT_ACCEPT


def test_ids_that_are_too_long_to_be_named_ahead_are_refused_with_a_reason(
    channel: grpc.Channel, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """gRPC would drop metadata of that size without a word of ours."""
    request_message.strip_id = "S" * 100_000
    assert strip_ahead(request_message) == ()
    assert details(refused(channel, request_message.SerializeToString())[1])[0].reason == "ID_INVALID"
