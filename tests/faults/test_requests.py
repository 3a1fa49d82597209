"""Hostile messages to every method of a real server: each gets a clean status, and the next strip its verdict."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import starter
from stripfaults import mutation, wire

from stripsight.bundle import Bundle
from stripsight.inspection.v1 import (
    bundle_service_pb2,
    inspection_pb2,
    inspection_service_pb2,
    lot_service_pb2,
    record_service_pb2,
)
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest, InspectStripResponse

FAR_S = 60.0
MODULES = (inspection_service_pb2, record_service_pb2, lot_service_pb2, bundle_service_pb2)
METHODS = {
    f"/{service.full_name}/{method.name}": method
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
# A fault that nobody expected is INTERNAL or UNKNOWN; no message may cause one.
CLEAN = {"INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED", "OUT_OF_RANGE"}
INSPECT = "/stripsight.inspection.v1.InspectionService/InspectStrip"
NUMBERS = itertools.count(1)
HARSH = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def server(item_bundle: Bundle) -> Iterator[Any]:
    """A real server, for all tests here, that is well at the end."""
    with ExitStack() as stack:
        yield starter(stack)(item_bundle.path).started()


@pytest.fixture(scope="module")
def channel(server: Any) -> Iterator[grpc.Channel]:
    """A channel to it."""
    with grpc.insecure_channel(server.target) as channel:
        yield channel


def sent(channel: grpc.Channel, path: str, messages: list[bytes]) -> str:
    """Send bytes as a method's messages; return how the call ended: OK, or the code of a status with its details."""
    method = METHODS[path]
    try:
        if method.client_streaming:
            replies = channel.stream_stream(path, bytes, bytes)(iter(messages), timeout=FAR_S)
            list(replies)
        elif method.server_streaming:
            replies = channel.unary_stream(path, bytes, bytes)(messages[0], timeout=FAR_S)
            next(replies)
            replies.cancel()
        else:
            channel.unary_unary(path, bytes, bytes)(messages[0], timeout=FAR_S)
    except grpc.RpcError as error:
        assert isinstance(error, grpc.Call)
        status = rpc_status.from_call(error)
        info = error_details_pb2.ErrorInfo()
        assert status is not None and status.details[0].Unpack(info), error
        assert info.domain == "stripsight" and len(status.message) <= 300 and status.message.isprintable()
        return str(error.code().name)
    return "OK"


def judged(channel: grpc.Channel, bundle: Bundle) -> int:
    """Have a good strip judged and return its verdict."""
    request = wire.request_of(bundle)
    request.strip_id, request.strip_seq = "after", next(NUMBERS)
    call = channel.unary_unary(INSPECT, InspectStripRequest.SerializeToString, InspectStripResponse.FromString)
    return int(call(request, timeout=FAR_S).inspection.verdict)


@pytest.mark.parametrize("path", METHODS)
def test_no_bytes_to_any_method_cause_a_fault(path: str, channel: grpc.Channel, item_bundle: Bundle) -> None:
    """Row 8: random bytes and damaged messages end with a clean status and its details, and the server goes on."""
    seeds = [seed for target in wire.targets(item_bundle).values() for seed in target.seeds if seed]

    @HARSH
    @given(st.lists(mutation.hostile(seeds), min_size=1, max_size=3))
    def tried(messages: list[bytes]) -> None:
        assert sent(channel, path, messages) in CLEAN | {"OK", "DEADLINE_EXCEEDED"}

    tried()
    assert judged(channel, item_bundle) == inspection_pb2.VERDICT_ACCEPT


NASTY_TEXT = st.one_of(
    st.text(max_size=80), st.sampled_from(["\n", "\x1b[31m", "\u202e", "a" * 10_000, "S-1\0", "../x"])
)
NASTY_NUMBER = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([0, 1, 2, 99]))
CHANGES: dict[str, tuple[st.SearchStrategy[Any], Callable[[InspectStripRequest, Any], object]]] = {
    "strip_id": (NASTY_TEXT, lambda r, v: setattr(r, "strip_id", v)),
    "lot_id": (NASTY_TEXT, lambda r, v: setattr(r, "lot_id", v)),
    "product": (NASTY_TEXT, lambda r, v: setattr(r, "product", v)),
    "strip_seq": (st.integers(0, 2**64 - 1), lambda r, v: setattr(r, "strip_seq", v)),
    "which": (NASTY_NUMBER, lambda r, v: setattr(r.heatmaps, "which", v)),
    "style": (NASTY_NUMBER, lambda r, v: setattr(r.heatmaps, "style", v)),
    "pixel_format": (NASTY_NUMBER, lambda r, v: setattr(r.frames[0], "pixel_format", v)),
    "width_px": (st.integers(0, 2**32 - 1), lambda r, v: setattr(r.frames[0], "width_px", v)),
    "index": (st.integers(0, 2**32 - 1), lambda r, v: setattr(r.frames[0], "index", v)),
    "crc32c": (st.integers(0, 2**32 - 1), lambda r, v: setattr(r.frames[0], "crc32c", v)),
    "data": (st.binary(max_size=500), lambda r, v: setattr(r.frames[0], "data", v)),
    "seconds": (st.integers(-(2**63), 2**63 - 1), lambda r, v: setattr(r.frames[0].capture_time, "seconds", v)),
    "nanos": (NASTY_NUMBER, lambda r, v: setattr(r.frames[0].capture_time, "nanos", v)),
}


def test_whatever_a_field_holds_a_strip_is_accepted_for_its_own_pixels_only(
    channel: grpc.Channel, item_bundle: Bundle, server: Any
) -> None:
    """Row 8: one or two fields of a right request hold anything at all; an OK reply is about the frame as it was."""
    names = st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=2, unique=True)

    @settings(HARSH, max_examples=120)
    @given(st.data(), names)
    def tried(data: st.DataObject, names: list[str]) -> None:
        request = wire.request_of(item_bundle)
        request.strip_id, request.strip_seq, good = "fields", next(NUMBERS), request.frames[0].data
        for name in names:
            values, change = CHANGES[name]
            change(request, data.draw(values, label=name))
        ended = sent(channel, INSPECT, [request.SerializeToString()])
        assert ended in CLEAN | {"OK"}
        assert ended != "OK" or request.frames[0].data == good

    tried()
    assert judged(channel, item_bundle) == inspection_pb2.VERDICT_ACCEPT
    assert all(str(value).isprintable() for line in server.lines for value in line.values())


def test_metrics_hold_nothing_that_a_request_said(channel: grpc.Channel, item_bundle: Bundle, server: Any) -> None:
    """Row 8: labels come from closed sets: after calls with ids of all kinds there are as many series as before."""
    from urllib.request import urlopen

    def series() -> set[str]:
        with urlopen(f"http://{server.metrics}/metrics", timeout=FAR_S) as page:
            lines = page.read().decode().splitlines()
        return {line.rpartition(" ")[0] for line in lines if line and not line.startswith("#")}

    before = series()
    for number in range(20):
        request = wire.request_of(item_bundle)
        request.strip_id, request.lot_id, request.product = f"id{number}", f"lot{number}", f"product{number}"
        assert sent(channel, INSPECT, [request.SerializeToString()]) == "INVALID_ARGUMENT"
    assert series() == before
