"""gRPC's four kinds of handlers as one, for interceptors that put something around a method's behaviour."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
if TYPE_CHECKING:
    Interceptor = grpc.ServerInterceptor[Any, Any]
else:
    Interceptor = grpc.ServerInterceptor  # generic in its type stub only

Behaviour: TypeAlias = Callable[..., Any]
"""Takes the message, or an iterator of messages, and the context; returns the answer, or an iterator of answers."""

_KINDS: dict[tuple[bool, bool], tuple[str, Callable[..., Any]]] = {
    (False, False): ("unary_unary", grpc.unary_unary_rpc_method_handler),
    (False, True): ("unary_stream", grpc.unary_stream_rpc_method_handler),
    (True, False): ("stream_unary", grpc.stream_unary_rpc_method_handler),
    (True, True): ("stream_stream", grpc.stream_stream_rpc_method_handler),
}


def behaviour_of(handler: "grpc.RpcMethodHandler[Any, Any]") -> Behaviour:
    """Return what answers the method's calls."""
    behaviour: Behaviour = getattr(handler, _KINDS[handler.request_streaming, handler.response_streaming][0])
    return behaviour


def rebuilt(
    handler: "grpc.RpcMethodHandler[Any, Any]",
    behaviour: Behaviour,
    *,
    receiving: bool | None = None,
    parse: Callable[[bytes], Any] | None = None,
) -> Handler:
    """Return a handler of the same method with another behaviour.

    With `receiving` the behaviour gets an iterator of messages whatever the method's kind, with `parse` messages that
    it has parsed.
    """
    streaming = handler.request_streaming if receiving is None else receiving
    make = _KINDS[streaming, handler.response_streaming][1]
    made: Handler = make(behaviour, parse or handler.request_deserializer, handler.response_serializer)
    return made
