"""What a call gets in each state of the server, and that every error of the service has a status."""

import re
from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from numpy.typing import NDArray

from stripsight.bundle import Bundle
from stripsight.engine import Engine, Inference
from stripsight.errors import EngineError, InvalidRequest, StripsightError
from stripsight.exits import Exit
from stripsight.inspection.v1 import inspection_pb2 as pb
from stripsight.inspection.v1.inspection_service_pb2 import (
    READINESS_DRAINING,
    READINESS_FAILED,
    READINESS_STARTING,
    GetStatusRequest,
    GetStatusResponse,
    InspectStripRequest,
)
from stripsight.inspection.v1.inspection_service_pb2_grpc import InspectionServiceStub
from stripsight.rpc.server import Server
from stripsight.rpc.status import status_of
from stripsight.settings import Settings
from stripsight.start import start_engine

FAR_S = 60.0


def test_before_it_is_ready_a_call_is_unavailable_and_the_status_says_why(
    serve: Callable[..., Server], strip_bundle: Bundle, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """Started but not ready: NOT_READY with the state as a fact, while GetStatus answers."""
    server = serve(strip_bundle)
    server.start()
    with grpc.insecure_channel(str(server.address)) as channel:
        status = asked(channel)
        assert (status.readiness, status.bundle_id) == (READINESS_STARTING, strip_bundle.bundle_id)
        assert status.provider == pb.PROVIDER_UNSPECIFIED
        assert "challenge set" in status.readiness_reason
        error, refusal = refused(channel, request_message.SerializeToString())
    info, fields = details(refusal)
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert (info.reason, info.metadata["state"], fields) == ("NOT_READY", "starting", [])


def test_a_slot_that_no_inspection_fits_in_is_refused_before_computing(
    serve: Callable[..., Server], strip_bundle: Bundle, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """DEADLINE_EXCEEDED with SLOT_TOO_SHORT, by the server's own slot although the call's deadline is far."""
    server = serve(strip_bundle, slot_ms=15)
    server.start()
    server.ready()
    with grpc.insecure_channel(str(server.address)) as channel:
        error, refusal = refused(channel, request_message.SerializeToString())
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert details(refusal)[0].reason == "SLOT_TOO_SHORT"
    assert details(refusal)[0].metadata["budget_ms"] == "15"


def test_a_draining_server_says_so(
    serve: Callable[..., Server], strip_bundle: Bundle, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """Once closed, calls are NOT_READY with the state draining and GetStatus still answers."""
    server = serve(strip_bundle)
    server.start()
    server.ready()
    assert server.station.closed(FAR_S)
    with grpc.insecure_channel(str(server.address)) as channel:
        assert asked(channel).readiness == READINESS_DRAINING
        _, refusal = refused(channel, request_message.SerializeToString())
    assert details(refusal)[0].metadata["state"] == "draining"


class FailingEngine(Engine):
    """An engine that fails at the first inference after the challenge set."""

    frames = 6  # of two challenge strips

    def infer_frame(self, patches: NDArray[np.uint8]) -> Inference:
        """Count down, then fail."""
        if not self.frames:
            raise EngineError("told to fail")
        self.frames -= 1
        return super().infer_frame(patches)

    def warm_up(self, patch_count: int, runs: int = 2) -> float:
        """Leave the count alone."""
        return 0.0


def test_when_the_engine_fails_health_says_so_before_the_caller_is_answered(
    serve: Callable[..., Server], strip_bundle: Bundle, request_message: InspectStripRequest, refused: Any, details: Any
) -> None:
    """INTERNAL with ENGINE_FAILED; by then health is NOT_SERVING and the server is asked to end with its status."""

    def start(bundle: Bundle, settings: Settings) -> Engine:
        return start_engine(bundle, threads=1, kind=FailingEngine)

    server = serve(strip_bundle, engine=start)
    server.start()
    server.ready()
    with grpc.insecure_channel(str(server.address)) as channel:
        error, refusal = refused(channel, request_message.SerializeToString())
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=FAR_S)
        assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert asked(channel).readiness == READINESS_FAILED
    assert error.code() is grpc.StatusCode.INTERNAL
    assert details(refusal)[0].reason == "ENGINE_FAILED"
    assert server.wait() is Exit.ENGINE


def kinds(base: type[StripsightError]) -> list[type[StripsightError]]:
    """Return a class and all below it."""
    return [base, *(kind for child in base.__subclasses__() for kind in kinds(child))]


@pytest.mark.parametrize("kind", kinds(StripsightError))
def test_every_error_has_a_status_in_plain_text(kind: type[StripsightError], details: Any) -> None:
    """A code that is an error, its own reason, and whatever came from outside is escaped and cut."""
    hostile = "\x1b[31mred\nnext line \u0661" * 100
    status = status_of(kind(hostile, field=hostile, found=hostile))
    info, fields = details(status)
    assert status.code not in (grpc.StatusCode.OK.value[0], grpc.StatusCode.UNKNOWN.value[0])
    assert (info.reason, info.domain) == (kind.reason, "stripsight")
    assert bool(fields) is issubclass(kind, InvalidRequest)
    for text in (status.message, info.metadata["found"], *fields):
        assert text.isascii()
        assert text.isprintable()
        assert text.startswith("\\x1b[31mred\\nnext line \\u0661")
        assert len(text) == 300


def test_reasons_are_words_of_their_own() -> None:
    """UPPER_SNAKE, and no two kinds of error share one."""
    reasons = [kind.reason for kind in kinds(StripsightError)]
    assert len(set(reasons)) == len(reasons)
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", reason) for reason in reasons)


def asked(channel: grpc.Channel) -> GetStatusResponse:
    """Ask for the status."""
    return InspectionServiceStub(channel).GetStatus(GetStatusRequest(), timeout=FAR_S)
