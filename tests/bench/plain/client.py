"""A client of the plain service."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import grpc

from plain.messages import OPTIONS, Floats, pb, services, tensor


def request(strip_id: str, frames: Sequence[Floats]) -> Any:
    """Write the request for frames, float32 [H, W] from 0 to 255."""
    return pb.InspectRequest(strip_id=strip_id, frames=[tensor(frame) for frame in frames])


class PlainClient:
    """A connection; use it in a `with`."""

    def __init__(self, target: str) -> None:
        """Connect to `target`, host:port, when the first call is made."""
        self._channel = grpc.insecure_channel(target, options=OPTIONS)
        self._stub = services.InspectorStub(self._channel)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the connection."""
        self._channel.close()

    def inspect(self, message: Any, *, timeout_s: float) -> Any:
        """Have a strip judged."""
        return self._stub.Inspect(message, timeout=timeout_s)
