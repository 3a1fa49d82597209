"""The plain service: one asyncio gRPC server, one method."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from plain.inspection import PlainInspector
from plain.messages import OPTIONS, array, pb, services


class Servicer:
    """Answers Inspect."""

    def __init__(self, inspector: PlainInspector) -> None:
        self._inspector = inspector

    async def Inspect(self, request: Any, context: Any) -> Any:
        """Inspect in a thread, so that the loop stays free."""
        frames = [array(frame) for frame in request.frames]
        accept, scores = await asyncio.to_thread(self._inspector.inspect, frames)
        return pb.InspectReply(strip_id=request.strip_id, accept=accept, scores=scores)


async def serve(inspector: PlainInspector, ready: Callable[[int], object]) -> None:
    """Serve on a free port of this machine, which `ready` is told, until the process ends."""
    server = grpc.aio.server(options=OPTIONS)
    services.add_InspectorServicer_to_server(Servicer(inspector), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    ready(port)
    await server.wait_for_termination()
