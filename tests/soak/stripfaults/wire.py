"""What comes over the wire, as functions of bytes: requests, streams, questions, page tokens, addresses."""

from contextlib import suppress

from google.protobuf.message import DecodeError

from stripfaults.target import Target
from stripsight import ahead
from stripsight.bundle import Bundle
from stripsight.client.messages import frame_message
from stripsight.errors import InvalidRequest, PageTokenInvalid
from stripsight.inspection.v1 import bundle_service_pb2, inspection_service_pb2, lot_service_pb2, record_service_pb2
from stripsight.journal.wanted import Wanted
from stripsight.rpc import read, read_records
from stripsight.settings import parse_address
from stripsight.viewing.token import place_of, token_of


def targets(bundle: Bundle) -> dict[str, Target]:
    """Return the targets by name; `bundle` is what their requests are about."""
    question = record_service_pb2.GetInspectionRequest(record_seq=1).SerializeToString()
    return {
        "requests": Target(_request, (request_of(bundle).SerializeToString(),)),
        "strips ahead": Target(_ahead, (_messages_of(bundle)[0][2:],)),
        "streams": Target(_stream, _messages_of(bundle)),
        "questions": Target(_question, (b"", question)),
        "page tokens": Target(_token, (token_of(7, Wanted(), "J").encode(),)),
        "addresses": Target(_address, (b"127.0.0.1:50051", b"[::1]:0")),
    }


def request_of(bundle: Bundle) -> inspection_service_pb2.InspectStripRequest:
    """Return a right request about a strip of the challenge set."""
    frames = [frame_message(frame, (), 0) for frame in bundle.challenge[0].frames]
    product = bundle.recipe.product.name
    return inspection_service_pb2.InspectStripRequest(
        strip_id="S", lot_id="L", strip_seq=1, product=product, frames=frames
    )


def _messages_of(bundle: Bundle) -> tuple[bytes, ...]:
    kind, whole = inspection_service_pb2.InspectFramesRequest, request_of(bundle)
    header = inspection_service_pb2.StripHeader(strip_id="S", lot_id="L", strip_seq=1, product=whole.product)
    return kind(header=header).SerializeToString(), kind(frame=whole.frames[0]).SerializeToString()


def _request(data: bytes) -> None:
    with suppress(DecodeError, InvalidRequest):
        message = inspection_service_pb2.InspectStripRequest.FromString(data)
        read.strip_request(message, read.strip_key(message))


def _ahead(data: bytes) -> None:
    with suppress(InvalidRequest):
        read.strip_ahead([(ahead.STRIP, data)])


def _stream(data: bytes) -> None:
    for position in (0, 1):
        with suppress(DecodeError, InvalidRequest):
            read.stream_part(inspection_service_pb2.InspectFramesRequest.FromString(data), position)


def _question(data: bytes) -> None:
    for module in (record_service_pb2, lot_service_pb2, bundle_service_pb2):
        for name in module.DESCRIPTOR.message_types_by_name:
            with suppress(DecodeError):
                getattr(module, name).FromString(data)
    with suppress(DecodeError, InvalidRequest):
        listing = record_service_pb2.ListInspectionsRequest.FromString(data)
        read_records.page_size(listing)
        read_records.wanted(listing)
    with suppress(DecodeError, InvalidRequest):
        one = record_service_pb2.GetInspectionRequest.FromString(data)
        read_records.picture_options(one.pictures)
        read_records.which(one)


def _token(data: bytes) -> None:
    with suppress(PageTokenInvalid):
        place_of(data.decode(errors="replace"), Wanted(), "J")


def _address(data: bytes) -> None:
    with suppress(ValueError):
        parse_address(data.decode())
