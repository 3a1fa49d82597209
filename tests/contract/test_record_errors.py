"""What each wrong question about the record gets: a status code, one ErrorInfo, and the field that is wrong."""

import sqlite3
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from stripsight.bundle import Bundle
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1 import record_service_pb2 as record_pb
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub
from stripsight.inspection.v1.record_service_pb2_grpc import RecordServiceStub
from stripsight.rpc.server import Server

FAR_S = 60.0
SERVICE = "stripsight.inspection.v1.RecordService"

Details = Callable[..., Any]
List = record_pb.ListInspectionsRequest
Get = record_pb.GetInspectionRequest
Options = record_pb.PictureOptions

NO_TIME = Timestamp(seconds=2**60)
UNKNOWN = b"\x08\x63"  # field 1: 99

LISTS: dict[str, tuple[List, str, str]] = {
    "a page too large": (List(page_size=501), "OPTIONS_INVALID", "page_size"),
    "a long lot": (List(lot_id="L" * 65), "OPTIONS_INVALID", "lot_id"),
    "a long prefix": (List(strip_id_prefix="S" * 65), "OPTIONS_INVALID", "strip_id_prefix"),
    "an unknown verdict": (List.FromString(b"\x28\x63"), "OPTIONS_INVALID", "verdict"),
    "an unknown cause": (List.FromString(b"\x30\x63"), "OPTIONS_INVALID", "cause"),
    "a begin that is no time": (List(since=NO_TIME), "OPTIONS_INVALID", "since"),
    "an end that is no time": (List(until=NO_TIME), "OPTIONS_INVALID", "until"),
    "a token of nobody": (List(page_token="next, please"), "PAGE_TOKEN_INVALID", "page_token"),
    "a token not of ASCII": (List(page_token="١"), "PAGE_TOKEN_INVALID", "page_token"),
    "a token without a seal": (List(page_token="AAAAAAAAAAE="), "PAGE_TOKEN_INVALID", "page_token"),
}
GETS: dict[str, tuple[Get, str, str]] = {
    "nothing": (Get(), "OPTIONS_INVALID", "record_seq"),
    "a strip by half": (Get(lot_id="L-1", strip_id="S-1"), "OPTIONS_INVALID", "record_seq"),
    "a number and a strip": (Get(record_seq=1, strip_id="S-1"), "OPTIONS_INVALID", "record_seq"),
    "an id that is none": (Get(lot_id="L 1", strip_id="S-1", strip_seq=1), "OPTIONS_INVALID", "lot_id"),
    "a number beyond 63 bits": (Get(lot_id="L", strip_id="S", strip_seq=2**63), "OPTIONS_INVALID", "strip_seq"),
    "a narrow picture": (
        Get(record_seq=1, pictures=Options(frames=True, frame_width_max_px=159)),
        "OPTIONS_INVALID",
        "pictures.frame_width_max_px",
    ),
    "a picture wider than any": (
        Get(record_seq=1, pictures=Options(frames=True, frame_width_max_px=65_536)),
        "OPTIONS_INVALID",
        "pictures.frame_width_max_px",
    ),
    "an unknown choice of heatmaps": (
        Get(record_seq=1, pictures=Options(heatmaps=pb.HeatmapOptions.FromString(UNKNOWN))),
        "OPTIONS_INVALID",
        "pictures.heatmaps.which",
    ),
}


def refusal(call: Callable[[], object], details: Details) -> tuple[grpc.StatusCode, str, list[str]]:
    """Return what a call is refused with: the code, the reason and the fields."""
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert isinstance(error.value, grpc.Call)
    status = rpc_status.from_call(error.value)
    info, fields = details(status)
    assert info.domain == "stripsight"
    return error.value.code(), info.reason, fields


@pytest.mark.parametrize("name", LISTS)
def test_a_wrong_list_names_its_field(name: str, channel: grpc.Channel, details: Details) -> None:
    """INVALID_ARGUMENT with the reason that never changes."""
    request, reason, field = LISTS[name]
    found = refusal(lambda: RecordServiceStub(channel).ListInspections(request, timeout=FAR_S), details)
    assert found == (grpc.StatusCode.INVALID_ARGUMENT, reason, [field])


@pytest.mark.parametrize("name", GETS)
def test_a_wrong_question_about_one_strip_names_its_field(name: str, channel: grpc.Channel, details: Details) -> None:
    """INVALID_ARGUMENT, before anything is looked up."""
    request, reason, field = GETS[name]
    found = refusal(lambda: RecordServiceStub(channel).GetInspection(request, timeout=FAR_S), details)
    assert found == (grpc.StatusCode.INVALID_ARGUMENT, reason, [field])


def test_a_view_with_an_unknown_option_is_refused(channel: grpc.Channel, details: Details) -> None:
    """Before it begins."""
    request = record_pb.WatchInspectionsRequest(pictures=Options(frames=True, frame_width_max_px=1))
    found = refusal(lambda: next(RecordServiceStub(channel).WatchInspections(request, timeout=FAR_S)), details)
    assert found == (grpc.StatusCode.INVALID_ARGUMENT, "OPTIONS_INVALID", ["pictures.frame_width_max_px"])


@pytest.mark.parametrize("data", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f"])
@pytest.mark.parametrize("method", ["WatchInspections", "ListInspections", "GetInspection"])
def test_a_message_that_is_none_is_refused_with_details(
    method: str, data: bytes, channel: grpc.Channel, details: Details
) -> None:
    """As in the inspection service."""
    call = channel.unary_stream(f"/{SERVICE}/{method}", bytes, bytes)
    found = refusal(lambda: next(call(data, timeout=FAR_S)), details)
    assert found == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", [])


@pytest.mark.parametrize(
    "request_", [Get(record_seq=10**9), Get(record_seq=2**64 - 1), Get(lot_id="L", strip_id="nobody", strip_seq=1)]
)
def test_what_is_not_on_record_is_not_found(request_: Get, channel: grpc.Channel, details: Details) -> None:
    """NOT_FOUND, RECORD_NOT_FOUND, also for a number that no database holds."""
    found = refusal(lambda: RecordServiceStub(channel).GetInspection(request_, timeout=FAR_S), details)
    assert found == (grpc.StatusCode.NOT_FOUND, "RECORD_NOT_FOUND", [])


def test_a_record_that_is_no_strip_is_not_found(channel: grpc.Channel, details: Details) -> None:
    """Number 1 is the start of the service."""
    found = refusal(lambda: RecordServiceStub(channel).GetInspection(Get(record_seq=1), timeout=FAR_S), details)
    assert found == (grpc.StatusCode.NOT_FOUND, "RECORD_NOT_FOUND", [])


def test_a_record_that_cannot_be_read_fails_the_question_and_nothing_else(
    serve: Callable[..., Server], strip_bundle: Bundle, request_message: InspectStripRequest, details: Details
) -> None:
    """INTERNAL, RECORD_FAILED, while strips are inspected."""
    server = serve(strip_bundle)
    server.start()
    server.ready()
    with grpc.insecure_channel(str(server.address)) as channel:
        inspection = InspectionServiceStub(channel)
        seq = inspection.InspectStrip(request_message, timeout=FAR_S).inspection.record_seq
        damage(server, seq)
        found = refusal(lambda: RecordServiceStub(channel).GetInspection(Get(record_seq=seq), timeout=FAR_S), details)
        assert found == (grpc.StatusCode.INTERNAL, "RECORD_FAILED", [])
        request_message.strip_seq += 1_000_000
        answer = inspection.InspectStrip(request_message, timeout=FAR_S).inspection
    assert answer.verdict == pb.VERDICT_ACCEPT


def damage(server: Server, seq: int) -> None:
    """Make a record's form one that is none."""
    connection = sqlite3.connect(server.record.journal.folder / "records.db")
    with connection:
        connection.execute("UPDATE stripsight_record SET form = x'00' WHERE seq = ?", (seq,))
    connection.close()


def test_the_record_answers_before_strips_are_inspected(serve: Callable[..., Server], strip_bundle: Bundle) -> None:
    """Its health is SERVING as soon as the server listens; that of the inspection is not."""
    server = serve(strip_bundle)
    server.start()
    with grpc.insecure_channel(str(server.address)) as channel:
        assert not RecordServiceStub(channel).ListInspections(List(), timeout=FAR_S).inspections
        health = health_pb2_grpc.HealthStub(channel)
        asked = [health_pb2.HealthCheckRequest(service=name) for name in ("", SERVICE)]
        states = [health.Check(one, timeout=FAR_S).status for one in asked]
    states_of = health_pb2.HealthCheckResponse
    assert states == [states_of.NOT_SERVING, states_of.SERVING]
