"""Who may call what, on the wire: every method of every service, for every role."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from stripsight.access.roles import METHODS, Role
from stripsight.bundle import Bundle
from stripsight.client.channel import open_channel
from stripsight.inspection.v1 import bundle_service_pb2, lot_service_pb2, record_service_pb2
from stripsight.inspection.v1.inspection_service_pb2 import ACCESS_LOOPBACK, ACCESS_TLS, GetStatusRequest
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub
from stripsight.rpc.server import Server

FAR_S = 60.0
INSPECT_STRIP = "/stripsight.inspection.v1.InspectionService/InspectStrip"
OURS = (bundle_service_pb2, lot_service_pb2, record_service_pb2)


@pytest.fixture(scope="module")
def guarded(serve: Callable[..., Server], strip_bundle: Bundle, tls: dict[str, Path]) -> Server:
    """A server by TLS."""
    server = serve(strip_bundle, **tls)
    server.start()
    server.ready()
    return server


@pytest.fixture(scope="module")
def channels(guarded: Server, pki: Path) -> Iterator[dict[Role, grpc.Channel]]:
    """A channel for each role."""
    opened = {role: open_channel(str(guarded.address), pki / role) for role in Role}
    yield opened
    for channel in opened.values():
        channel.close()


def methods_of(name: str) -> set[str]:
    """Return the paths of a service's methods."""
    service: ServiceDescriptor = descriptor_pool.Default().FindServiceByName(name)
    return {f"/{name}/{method.name}" for method in service.methods}


def registered(channel: grpc.Channel) -> set[str]:
    """Return the paths of all methods that a server tells of."""
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]), timeout=FAR_S)
    names = [service.name for answer in answers for service in answer.list_services_response.service]
    assert "stripsight.inspection.v1.InspectionService" in names
    return {method for name in names for method in methods_of(name)}


def refused(channel: grpc.Channel, method: str) -> tuple[grpc.StatusCode, str] | None:
    """Call a method with an empty message; return why it was refused access, or None when it was not.

    Calls of all kinds look alike on the wire. Only the first answer is waited for.
    """
    call: Any = channel.stream_stream(method, bytes, bytes)(iter([b""]), timeout=FAR_S)
    try:
        next(call)
    except grpc.RpcError as error:
        if error.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED):
            assert isinstance(error, grpc.Call)
            status, info = rpc_status.from_call(error), error_details_pb2.ErrorInfo()
            assert status is not None
            assert status.details[0].Unpack(info)
            return error.code(), info.reason
    finally:
        call.cancel()
    return None


def test_every_method_that_is_served_is_in_the_table(channels: dict[Role, grpc.Channel]) -> None:
    """One that has no entry could be called by nobody."""
    assert registered(channels[Role.VIEW]) <= METHODS.keys()


def test_the_table_holds_nothing_but_methods(channels: dict[Role, grpc.Channel]) -> None:
    """An entry that is misspelled would leave its method to nobody."""
    ours = {service.full_name for file in OURS for service in file.DESCRIPTOR.services_by_name.values()}
    assert METHODS.keys() == registered(channels[Role.VIEW]) | {method for name in ours for method in methods_of(name)}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_call_what_the_table_says_and_nothing_else(role: Role, channels: dict[Role, grpc.Channel]) -> None:
    """PERMISSION_DENIED with ROLE_MISSING for all other methods, streams and standard services as well."""
    for method in registered(channels[role]):
        expected = None if role in METHODS[method] else (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
        assert refused(channels[role], method) == expected, method


def test_a_strip_of_the_wrong_role_is_refused_before_its_message_has_come(channels: dict[Role, grpc.Channel]) -> None:
    """Whoever may not inspect cannot make the service receive frames."""
    go = threading.Event()
    call = channels[Role.VIEW].stream_unary(INSPECT_STRIP, bytes, bytes)
    answer: Any = call.future(iter(go.wait, True), timeout=FAR_S)
    try:
        assert answer.exception(FAR_S).code() is grpc.StatusCode.PERMISSION_DENIED
    finally:
        go.set()


def test_a_method_that_nobody_serves_is_unimplemented(channels: dict[Role, grpc.Channel]) -> None:
    """As gRPC has it, with any role."""
    with pytest.raises(grpc.RpcError) as error:
        channels[Role.VIEW].unary_unary("/no.Such/Method", bytes, bytes)(b"", timeout=FAR_S)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_the_status_tells_who_may_call(channels: dict[Role, grpc.Channel], channel: grpc.Channel) -> None:
    """By roles, or all of the machine."""
    stubs = [InspectionServiceStub(caller) for caller in (channels[Role.VIEW], channel)]
    told = [stub.GetStatus(GetStatusRequest(), timeout=FAR_S).access for stub in stubs]
    assert told == [ACCESS_TLS, ACCESS_LOOPBACK]


def test_whoever_watches_the_health_takes_no_thread_from_the_calls(channels: dict[Role, grpc.Channel]) -> None:
    """More watchers than the server has threads, and a call is still answered."""
    request = health_pb2.HealthCheckRequest()
    stub = health_pb2_grpc.HealthStub(channels[Role.VIEW])
    watches = [stub.Watch(request, timeout=FAR_S) for _ in range(20)]
    assert {next(watch).status for watch in watches} == {health_pb2.HealthCheckResponse.SERVING}
    InspectionServiceStub(channels[Role.VIEW]).GetStatus(GetStatusRequest(), timeout=FAR_S)
    for watch in watches:
        watch.cancel()
