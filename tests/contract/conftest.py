"""A server inside the test's process, and calls on the bare channel, to see what is on the wire."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from stripsight.bundle import Bundle
from stripsight.client import frame_message
from stripsight.engine import Engine
from stripsight.frame import FrameData
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest, InspectStripResponse
from stripsight.rpc.server import Server, start_engine
from stripsight.settings import Settings

INSPECT = "/stripsight.inspection.v1.InspectionService/InspectStrip"
FAR_S = 60.0
NUMBERS = count(1)

EngineStart = Callable[[Bundle, Settings], Engine]


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Make servers of a bundle, with settings of the test's own; those that were started stop at the end."""
    with ExitStack() as stack:

        def make(bundle: Bundle, *, engine: EngineStart = start_engine, **settings: Any) -> Server:
            usual: dict[str, Any] = {
                "bundle": bundle.path,
                "listen": "127.0.0.1:0",
                "metrics_listen": "127.0.0.1:0",
                "provider": "cpu",
                "threads": 1,
                "slot_ms": 60_000,
                "record_dir": tmp_path_factory.mktemp("record"),
            }
            server = Server(Settings(**(usual | settings)), engine)
            stack.callback(server.stop)
            return server

        yield make


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server], strip_bundle: Bundle) -> Server:
    """A server that inspects."""
    server = serve(strip_bundle)
    server.start()
    server.ready()
    return server


@pytest.fixture(scope="session")
def channel(server: Server) -> Iterator[grpc.Channel]:
    """A channel to it."""
    with grpc.insecure_channel(str(server.address)) as channel:
        yield channel


@pytest.fixture
def request_message(strip_bundle: Bundle, strip: Callable[..., tuple[FrameData, ...]]) -> InspectStripRequest:
    """A right call about a good strip, another one for each test."""
    return InspectStripRequest(
        strip_id="S-1",
        lot_id="L-1",
        strip_seq=next(NUMBERS),
        product=strip_bundle.recipe.product.name,
        frames=[frame_message(frame, (), 0) for frame in strip(strip_bundle.recipe, 101)],
    )


@pytest.fixture(scope="session")
def refused() -> Callable[..., tuple[grpc.RpcError, status_pb2.Status]]:
    """Send bytes as a request that is refused: `refused(channel, data)`, the error and the status in it."""
    return refusal


@pytest.fixture(scope="session")
def status_in() -> Callable[[grpc.RpcError], status_pb2.Status]:
    """Take the status out of the details of an error: `status_in(error)`."""
    return status_of


@pytest.fixture(scope="session")
def info_of() -> Callable[[grpc.RpcError], error_details_pb2.ErrorInfo]:
    """Take the one ErrorInfo out of an error: `info_of(error)`."""
    return lambda error: taken_apart(status_of(error))[0]


@pytest.fixture(scope="session")
def details() -> Callable[..., tuple[error_details_pb2.ErrorInfo, list[str]]]:
    """Take a status apart: `details(status)`, its one ErrorInfo and the fields of its BadRequest."""
    return taken_apart


def refusal(channel: grpc.Channel, data: bytes) -> tuple[grpc.RpcError, status_pb2.Status]:
    """Send bytes as a request; return the error and the status in its details."""
    call = channel.unary_unary(INSPECT, bytes, InspectStripResponse.FromString)
    with pytest.raises(grpc.RpcError) as error:
        call(data, timeout=FAR_S)
    return error.value, status_of(error.value)


def status_of(error: grpc.RpcError) -> status_pb2.Status:
    """Return the status in an error's details."""
    assert isinstance(error, grpc.Call)
    status = rpc_status.from_call(error)
    assert status is not None
    return status


def taken_apart(status: status_pb2.Status) -> tuple[error_details_pb2.ErrorInfo, list[str]]:
    """Return the one ErrorInfo, and the fields of the BadRequest if there is one."""
    infos, fields = [], []
    for detail in status.details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            infos.append(info)
        elif detail.Unpack(bad):
            fields += [violation.field for violation in bad.field_violations]
    assert len(infos) == 1
    assert len(status.details) == 1 + bool(fields)
    return infos[0], fields
