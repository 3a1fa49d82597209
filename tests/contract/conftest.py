"""A server inside the test's process, and calls on the bare channel, to see what is on the wire."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from stripsight.bundle import Bundle
from stripsight.client import frame_message
from stripsight.frame import FrameData
from stripsight.inspection.v1.inspection_service_pb2 import InspectStripRequest
from stripsight.rpc.server import Server
from stripsight.settings import Settings


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Server]]:
    """Make servers of a bundle, with settings of the test's own; those that were started stop at the end."""
    with ExitStack() as stack:

        def make(bundle: Bundle, **settings: Any) -> Server:
            usual: dict[str, Any] = {
                "bundle": bundle.path,
                "listen": "127.0.0.1:0",
                "metrics_listen": "127.0.0.1:0",
                "provider": "cpu",
                "threads": 1,
                "slot_ms": 60_000,
            }
            server = Server(Settings(**(usual | settings)))
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
    """A right call about a good strip."""
    return InspectStripRequest(
        strip_id="S-1",
        lot_id="L-1",
        strip_seq=1,
        product=strip_bundle.recipe.product.name,
        frames=[frame_message(frame, (), 0) for frame in strip(strip_bundle.recipe, 101)],
    )
