"""A call that begins before its message has come, so that what is refused anyway need not be received."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

import grpc
from google.protobuf.message import Message

from stripsight.errors import InvalidRequest, StreamIdle, StreamLeft
from stripsight.rpc.handlers import Handler, Interceptor, rebuilt
from stripsight.timing import Clock

# gRPC may end the messages of a client that leaves as those of one that has sent all, and say a moment later which.
_LEFT_S = 0.1

M = TypeVar("M", bound=Message)


class Unreceived(Interceptor):
    """Hands one unary method's message over as an iterator: it is received when it is asked for, and not before.

    On the wire the call is the same. It also lets the look at the caller's role come before the message.
    """

    def __init__(self, method: str, behaviour: Callable[[Iterator[M], grpc.ServicerContext], Message]) -> None:
        """`behaviour` answers `method` ("/package.Service/Method") in the place of its handler's own."""
        self._method = method
        self._behaviour = behaviour

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Put the behaviour into the method's handler."""
        handler = continuation(handler_call_details)
        if handler is None or handler_call_details.method != self._method:
            return handler
        return rebuilt(handler, self._behaviour, receiving=True)


class Leaving:
    """Whether the client of a call has left, or its deadline has passed."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        """Listen from now on."""
        self._left = threading.Event()
        if not context.add_callback(self._left.set):
            self._left.set()

    def told(self) -> bool:
        """Tell, once the messages have ended, whether that was the reason; waits a moment for word of it."""
        return self._left.wait(_LEFT_S)


class OneMessage(Generic[M]):
    """The one message of a call."""

    def __init__(self, messages: Iterator[M], leaving: Leaving, idle_s: float, clock: Clock) -> None:
        """Receive nothing yet. `idle_s` is the longest wait for the message."""
        self._messages = messages
        self._leaving = leaving
        self._idle_s = idle_s
        self._clock = clock
        self._received: M | None = None
        self.arrived = clock()
        """When the message came or, as long as it has not, the call."""

    def __call__(self) -> M:
        """Return the message; receive it the first time.

        Raises InvalidRequest when there is none, StreamIdle, and StreamLeft when the client leaves before it has come.
        """
        if self._received is None:
            coming: Future[tuple[M, float]] = Future()
            # Of its own, since gRPC hands messages out without a time limit.
            threading.Thread(target=self._receive, args=(coming,), name="message", daemon=True).start()
            try:
                self._received, self.arrived = coming.result(self._idle_s)
            except TimeoutError:
                idle_ms = round(self._idle_s * 1000)
                raise StreamIdle(f"expected the message within {idle_ms} ms, found none", idle_ms=idle_ms) from None
        return self._received

    def _receive(self, coming: "Future[tuple[M, float]]") -> None:
        try:
            coming.set_result((self._next(), self._clock()))
        except Exception as error:  # raised again by the thread that answers the call
            coming.set_exception(error)

    def _next(self) -> M:
        gone = StreamLeft("the client left, or its deadline passed, before the message had come")
        try:
            message = next(self._messages, None)
        except grpc.RpcError:
            raise gone from None
        if message is None:
            raise gone if self._leaving.told() else InvalidRequest("expected one message, found none")
        return message
